// Virtual hosts: one port, and the Host header says which of the sandbox's domains is meant.
import { proxy } from 'hono/proxy';
import { CODES } from '../../../protocol/errors.ts';
import type { Bindings } from '../../../server/client-address.ts';
import { createHttpApp, type Observers } from '../../../server/http.ts';
import type { OwnText } from '../../../server/own-description.ts';
import { descriptionRoute } from '../../../server/routes/description.ts';
import type { Fetch } from '../serve.ts';

/** Sends a request to the app of its host; `localhost` itself is answered by `home`, anything else is refused. */
export function virtualHosts(apps: ReadonlyMap<string, Fetch>, home: Fetch): Fetch {
  return (request: Request, bindings: Bindings) => {
    const { hostname } = new URL(request.url);
    const isHome = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
    const app = isHome ? home : apps.get(hostname);
    return app === undefined ? hostRefused() : app(request, bindings);
  };
}

const hostRefused = (): Response => problemOf('host-refused', 421);

/** A refusal by the sandbox itself, before any role's app. */
function problemOf(code: 'host-refused' | 'peer-unreachable', status: number): Response {
  const problem = { type: `urn:whereabouts:error:${code}`, title: CODES[code], status, code };
  return new Response(JSON.stringify(problem), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
}

/** An app for a domain that serves its description and, beside it, whatever `rest` answers. */
export function withDescription(description: OwnText, rest: Fetch, observers: Observers): Fetch {
  const app = createHttpApp(observers, { role: 'resolver', origins: '*' });
  descriptionRoute(app, description);
  return (request, bindings) =>
    (new URL(request.url).pathname === '/.well-known/whereabouts' ? app.fetch : rest)(request, bindings);
}

/** Passes requests on to the guest. While it is not there: `peer-unreachable`. */
export function guestAt(port: number): Fetch {
  return async (request) => {
    const { host, pathname, search } = new URL(request.url);
    const headers = { ...Object.fromEntries(request.headers), 'x-forwarded-host': host, 'x-forwarded-proto': 'http' };
    const target = `http://127.0.0.1:${port}${pathname}${search}`;
    try {
      return await proxy(target, { raw: request, headers, redirect: 'manual', signal: request.signal });
    } catch {
      return problemOf('peer-unreachable', 502);
    }
  };
}
