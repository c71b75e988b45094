// WebFinger's one endpoint (RFC 7033 §4). The resource stands in the URL by that standard: it is read here and goes nowhere else.
// Web pages may ask only where the resolver's own origins say so: §5 leaves that to servers that are not for everybody.
import type { Context, Hono } from 'hono';
import type { Client } from '../../client/client.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Clock, Quota } from '../context.ts';
import { endpoint, type Env } from '../http.ts';
import { createAllowance } from '../lookups/allowance.ts';
import { describeResource } from '../lookups/webfinger.ts';

export function serveWebFinger(
  app: Hono<Env>,
  client: Client,
  { clock, quota }: { readonly clock: Clock; readonly quota: Quota },
): void {
  const allowance = createAllowance(quota, clock);
  endpoint(app, '/.well-known/webfinger', {
    GET: async (c) => {
      const { resource, rels } = readQuestion(c);
      allowance.charge(c.env?.client ?? '', 1);
      const descriptor = await describeResource(client, resource, rels);
      if (descriptor === undefined) throw new WhereaboutsError('record-unknown', 'nobody was found');
      return c.body(JSON.stringify(descriptor), 200, { 'content-type': 'application/jrd+json' });
    },
  });
}

/**
 * Exactly one `resource`, and any number of `rel` (§4.1). Percent-decoded as RFC 3986 has it and not as a form: the `+` of a
 * phone number is a plus.
 */
function readQuestion(c: Context<Env>): { resource: string; rels: string[] } {
  const pairs = new URL(c.req.url).search
    .slice(1)
    .split('&')
    .map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return at === -1 ? [pair, ''] : [pair.slice(0, at), decode(pair.slice(at + 1))];
    });
  const valuesOf = (name: string) => pairs.filter(([key]) => key === name).map(([, value]) => value);
  const [resource, ...more] = valuesOf('resource');
  if (resource === undefined || more.length > 0)
    throw new WhereaboutsError('request-invalid', 'exactly one "resource" is wanted');
  return { resource, rels: valuesOf('rel') };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new WhereaboutsError('request-invalid', 'a parameter is not percent-encoded as it must be');
  }
}
