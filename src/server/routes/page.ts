// The page at `/`, and the API reference at `/reference`: their files, in the coding the browser takes, and the settings they begin
// with. No part of the protocol and of no API. What they may do there is the header's; what they do is in web/.
import type { Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { isMatched } from '../cache.ts';
import type { Bindings } from '../client-address.ts';
import { createHttpApp, endpoint, parameter, type Env, type Observers } from '../http.ts';
import { pagePolicy, type Coding, type Page, type PageFile } from '../page.ts';

const FOR_EVER = 'public, max-age=31536000, immutable';
/** Whoever deploys anew is seen at once: what a browser kept is asked about first. */
const ASK_FIRST = 'no-cache';

type Fetch = (request: Request, bindings: Bindings) => Response | Promise<Response>;

/** Whether a path is the page's to answer, and not the API's. */
export const isOfPage = (path: string): boolean =>
  path === '/' || path === '/reference' || path === '/page.json' || path.startsWith('/assets/');

/** An API with a page for people beside it, where one was built. */
export function withPage(api: Fetch, observers: Observers, page: Page | undefined): Fetch {
  if (page === undefined) return api;
  const app = pageApp(observers, page);
  return (request, bindings) => (isOfPage(new URL(request.url).pathname) ? app.fetch : api)(request, bindings);
}

export function pageApp(observers: Observers, page: Page): Hono<Env> {
  const app = createHttpApp(observers, { role: 'directory', origins: '*' });
  endpoint(app, '/', { GET: (c) => sendFile(c, page, 'index.html') });
  endpoint(app, '/reference', { GET: (c) => sendFile(c, page, 'reference.html') });
  endpoint(app, '/assets/:file', { GET: (c) => sendFile(c, page, `assets/${parameter(c, 'file')}`) });
  endpoint(app, '/page.json', {
    GET: (c) => c.json(page.settings, 200, { 'cache-control': ASK_FIRST }),
  });
  return app;
}

async function sendFile(c: Context<Env>, page: Page, path: string): Promise<Response> {
  const file = await page.files.find(path);
  if (file === undefined) throw new WhereaboutsError('path-unknown');
  const coding = chooseCoding(c, file);
  // RFC 9110 §8.8.3.3: one representation, one strong tag.
  const tag = `"${file.tag}-${coding}"`;
  const headers = {
    etag: tag,
    vary: 'accept-encoding',
    'cache-control': file.isImmutable ? FOR_EVER : ASK_FIRST,
  };
  c.set('policy', pagePolicy(page.settings));
  if (isMatched(c.req.header('if-none-match'), tag)) return c.body(null, 304, headers);
  const octets = await file.read(coding);
  return c.body(octets as Uint8Array<ArrayBuffer>, 200, {
    ...headers,
    'content-type': file.type,
    'content-length': String(octets.length),
    ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
  });
}

const BEST: readonly Coding[] = ['br', 'gzip'];

function chooseCoding(c: Context<Env>, { codings }: PageFile): Coding {
  const taken = accepts(c, {
    header: 'Accept-Encoding',
    supports: [...codings],
    default: 'identity',
    match: (given) => {
      const refused = new Set(given.filter(({ q }) => q === 0).map(({ type }) => type));
      const named = new Set(given.map(({ type }) => type));
      return BEST.find((one) => codings.includes(one) && named.has(one) && !refused.has(one)) ?? 'identity';
    },
  });
  return codings.find((one) => one === taken) ?? 'identity';
}
