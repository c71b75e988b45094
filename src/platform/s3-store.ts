// A publication in a store with S3's interface: AWS, R2, MinIO, Ceph and others. Needs conditional writes (If-Match and
// If-None-Match on PUT) of it where several instances write. Runs on Node and Workers; aws4fetch signs.
import { AwsClient } from 'aws4fetch';
import { WhereaboutsError } from '../protocol/errors.ts';
import { concat, utf8 } from '../protocol/wire.ts';
import { inParallel } from '../server/publication/parallel.ts';
import type { PublicationStore } from '../server/publication/store.ts';

export interface S3Options {
  /** `https://<endpoint>/<bucket>[/<prefix>]` */
  readonly url: string;
  readonly region: string;
  readonly keyId: string;
  readonly secretKey: string;
  readonly fetch: (request: Request) => Promise<Response>;
}

const REQUEST_MILLISECONDS = 30_000;
const ATTEMPTS = 4;
const FIRST_WAIT_MILLISECONDS = 200;
/** A thousand keys of at most 1,024 octets each, with what S3 tells of them. */
const LIST_OCTETS = 4 * 1024 * 1024;

const IMMUTABLE = {
  'content-type': 'application/octet-stream',
  'cache-control': 'public, max-age=31536000, immutable, no-transform',
};
const CHANGING = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=1, no-transform' };

export function s3Store({ url, region, keyId, secretKey, fetch }: S3Options): PublicationStore {
  const base = new URL(url);
  const [, bucket = '', ...rest] = base.pathname.split('/');
  const before = rest.filter((part) => part !== '').map((part) => `${part}/`);
  const root = `${base.origin}/${bucket}`;
  const aws = new AwsClient({ accessKeyId: keyId, secretAccessKey: secretKey, service: 's3', region });

  /** Asks, and asks again where the store is in trouble; a write may then have been carried out twice. */
  const ask = async (target: string, init: RequestInit): Promise<Response> => {
    for (let attempt = 1; ; attempt++) {
      const request = await aws.sign(target, { ...init, signal: AbortSignal.timeout(REQUEST_MILLISECONDS) });
      const reply = await fetch(request).catch((cause: unknown) => ({ cause }));
      if (reply instanceof Response && reply.status < 500 && reply.status !== 429) return reply;
      if (reply instanceof Response) await reply.body?.cancel();
      if (attempt === ATTEMPTS)
        throw new WhereaboutsError('peer-unreachable', "the publication's store does not answer", {
          cause: reply instanceof Response ? reply.status : reply.cause,
        });
      await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MILLISECONDS * 2 ** attempt));
    }
  };
  const at = (path: string): string => `${root}/${before.join('')}${path}`;
  const send = async (path: string, init: RequestInit, good: readonly number[]): Promise<number> => {
    const reply = await ask(at(path), init);
    await reply.body?.cancel();
    if (!good.includes(reply.status)) throw refusal(reply.status);
    return reply.status;
  };

  return {
    find: async (path, maxOctets) => {
      const reply = await ask(at(path), { method: 'GET' });
      if (reply.status === 404) {
        await reply.body?.cancel();
        return undefined;
      }
      const octets = await readBody(reply, maxOctets);
      return { octets, version: reply.headers.get('etag') ?? '' };
    },
    put: async (path, octets) => {
      await send(path, { method: 'PUT', body: Uint8Array.from(octets), headers: IMMUTABLE }, [200]);
    },
    replace: async (path, text, version) => {
      const condition: Record<string, string> =
        version === undefined ? { 'if-none-match': '*' } : { 'if-match': version };
      const headers = { ...CHANGING, ...condition };
      // 404: it was removed since. 409: another one is being written just now.
      return (await send(path, { method: 'PUT', body: utf8(text), headers }, [200, 404, 409, 412])) === 200;
    },
    remove: (paths) =>
      inParallel(paths, async (path) => {
        await send(path, { method: 'DELETE' }, [200, 204, 404]);
      }),
    async *list(prefix) {
      const own = before.join('');
      // ListObjects in its first version: every store has it, and where a page ends is simply its last key.
      for (let after = ''; ;) {
        const query = new URLSearchParams({ prefix: `${own}${prefix}`, marker: after });
        const reply = await ask(`${root}?${query.toString()}`, { method: 'GET' });
        const text = new TextDecoder().decode(await readBody(reply, LIST_OCTETS));
        // Our own paths need no escapes in XML; others are none of ours.
        const keys = [...text.matchAll(/<Key>([^<&]*)<\/Key>/g)].map(([, key = '']) => key);
        yield keys.map((key) => key.slice(own.length));
        after = keys.at(-1) ?? '';
        if (after === '' || !text.includes('<IsTruncated>true</IsTruncated>')) return;
      }
    },
  };
}

const refusal = (status: number): WhereaboutsError =>
  new WhereaboutsError('peer-unreachable', `the publication's store answers ${status}`);

async function readBody(reply: Response, maxOctets: number): Promise<Uint8Array> {
  if (reply.status !== 200 || reply.body === null) {
    await reply.body?.cancel();
    throw refusal(reply.status);
  }
  const parts: Uint8Array[] = [];
  let octets = 0;
  for await (const part of reply.body) {
    octets += part.length;
    if (octets > maxOctets) throw new RangeError('a published file is too long');
    parts.push(part);
  }
  return concat(...parts);
}
