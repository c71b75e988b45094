// Octets on their way out: length, entity tag, "not modified". For public reads only.
import type { Context } from 'hono';
import { isMatched, tagged, type Reply } from '../cache.ts';
import type { Env } from '../http.ts';

/** Answers with the octets, or 304 where the caller has them. */
export function sendReply(
  c: Context<Env>,
  { octets, tag }: Reply,
  headers: { readonly type: string; readonly cache: string },
): Response {
  // Sizes are padded for a reason: no coding may undo that on the way (§6.5).
  const common = { etag: tag, 'cache-control': `${headers.cache}, no-transform` };
  if (isMatched(c.req.header('if-none-match'), tag)) return c.body(null, 304, common);
  return c.body(octets as Uint8Array<ArrayBuffer>, 200, {
    ...common,
    'content-type': headers.type,
    'content-length': String(octets.length),
  });
}

/** The same for octets that nobody keeps. */
export const sendOctets = async (
  c: Context<Env>,
  octets: Uint8Array,
  headers: { readonly type: string; readonly cache: string },
): Promise<Response> => sendReply(c, await tagged(octets), headers);
