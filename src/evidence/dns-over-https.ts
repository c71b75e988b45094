// TXT records where there is no DNS but HTTPS: Workers and browsers. The JSON form that Cloudflare's and Google's resolvers
// serve; the operator chooses whom to believe, for nothing in the answer is signed.
import { z } from 'zod';
import { ask, isMissing, readAs } from './ask.ts';
import type { SafeFetch } from './safe-fetch.ts';
import { unreached } from './verdict.ts';

const NO_ERROR = 0;
const NO_SUCH_NAME = 3;
const TXT = 16;

const REPLY = z.object({
  Status: z.number(),
  Answer: z
    .array(z.object({ type: z.number(), data: z.string() }))
    .max(256)
    .optional(),
});

/** `server`: the URL of a resolver, such as https://cloudflare-dns.com/dns-query. */
export const createTxtOverHttps =
  (fetch: SafeFetch, clock: () => number, server: string) =>
  async (name: string): Promise<string[]> => {
    const query = new URLSearchParams({ name, type: 'TXT' });
    const headers = { accept: 'application/dns-json' };
    const accept = ['application/dns-json', 'application/json'];
    const reply = await ask({ fetch, clock }, `${server}?${query.toString()}`, { accept, headers });
    if (isMissing(reply)) throw unreached('answer-unusable');
    const { Status: status, Answer: answers = [] } = readAs(REPLY, reply);
    if (status === NO_SUCH_NAME) return [];
    if (status !== NO_ERROR) throw unreached('service-error');
    return answers.filter(({ type }) => type === TXT).map(({ data }) => unquote(data));
  };

/** The strings of a record, each in quotes as in a zone file (RFC 1035 §5.1), joined. */
function unquote(data: string): string {
  const strings = [...data.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inner = '']) => inner);
  if (strings.length === 0) return data;
  return strings
    .join('')
    .replace(/\\(\d{3}|.)/g, (_, escaped: string) =>
      escaped.length === 3 ? String.fromCharCode(Number(escaped)) : escaped,
    );
}
