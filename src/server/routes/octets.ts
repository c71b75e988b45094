// Octets on their way out: length, entity tag, "not modified". For public reads only.
import type { Context } from 'hono';
import { entityTag, isMatched } from '../cache.ts';
import type { Env } from '../http.ts';

/** Answers with `body`, or 304 where the caller has it. */
export function sendOctets(
  c: Context<Env>,
  body: Uint8Array,
  headers: { readonly type: string; readonly cache: string },
): Response {
  const etag = entityTag(body);
  // Sizes are padded for a reason: no coding may undo that on the way (§6.5).
  const common = { etag, 'cache-control': `${headers.cache}, no-transform` };
  if (isMatched(c.req.header('if-none-match'), etag)) return c.body(null, 304, common);
  return c.body(Uint8Array.from(body), 200, {
    ...common,
    'content-type': headers.type,
    'content-length': String(body.length),
  });
}
