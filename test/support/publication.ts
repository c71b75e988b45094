// A publication's reader that knows nothing but a description: no database, and no API unless one is given.
import { expect } from 'vitest';
import { Directory } from '../../src/client/directory.ts';
import { createMemoryCheckpoints, type Checkpoints } from '../../src/client/checkpoints.ts';
import { createSafeFetch, type Transport } from '../../src/evidence/safe-fetch.ts';
import { formatVkey } from '../../src/protocol/log/vkey.ts';
import { formatIndex } from '../../src/protocol/bucket.ts';
import { concat, formatB64u, Writer } from '../../src/protocol/wire.ts';
import { DOMAIN, HOST, LOG_SIGNER, type TestDirectory } from './directory.ts';
import { FILES } from './static-files.ts';

export interface ReaderOptions {
  readonly transport: Transport;
  readonly clock: () => number;
  readonly checkpoints?: Checkpoints;
  readonly publication?: string | false;
  /** Verifier key of the log. */
  readonly log?: string;
}

export function openReader({ transport, clock, checkpoints = createMemoryCheckpoints(), log, ...rest }: ReaderOptions) {
  const key = log ?? formatVkey(LOG_SIGNER.key);
  const directory = { api: `https://${HOST}`, publication: `https://${FILES}/`, log: key };
  const description = { version: 1, domain: DOMAIN, directory } as const;
  const fetch = createSafeFetch(transport, { sandbox: false });
  return new Directory({ fetch, clock, checkpoints, descriptions: { find: async () => description }, ...rest }, DOMAIN);
}

/** Some name in a bucket. */
export const nameIn = (depth: number, bucket: number): Uint8Array =>
  concat(new Writer().u32(bucket * 2 ** (32 - depth)).finish(), new Uint8Array(28));

/** The API of a directory, and nobody else. */
export const toApi =
  (directory: TestDirectory): Transport =>
  async ({ url, method, headers, body }) => {
    if (url.hostname !== HOST) throw new Error('no such host');
    return directory.request(`${url.pathname}${url.search}`, {
      method,
      headers: { ...headers },
      ...(body && { body }),
    });
  };

/**
 * Reads every bucket there is from the files alone, verified; the published epoch. With `directory` at the same epoch each has
 * to be what its API gives, sealed records included.
 */
export async function readAll(reader: Directory, clock: () => number, directory?: TestDirectory): Promise<number> {
  const until = () => clock() + 5_000;
  const { leaf } = await reader.head(until(), { fresh: true });
  const { depth, config } = leaf;
  for (let bucket = 0; bucket < 2 ** depth; bucket++) {
    const read = await reader.readBucket({ name: nameIn(depth, bucket), depth, config }, until());
    expect([read.from, read.leaf.epoch]).toEqual(['publication', leaf.epoch]);
    const sealed = concat(...(await reader.readSealed(read, until())));
    if (directory === undefined) continue;
    const reply = (await (await directory.request(`/v1/buckets/${depth}/${bucket}`)).json()) as { index: string };
    expect(formatB64u(formatIndex(read.index))).toBe(reply.index);
    const octets = await directory.request(`/v1/buckets/${depth}/${bucket}/sealed`);
    expect(new Uint8Array(await octets.arrayBuffer()).subarray(0, sealed.length)).toEqual(sealed);
  }
  return leaf.epoch;
}
