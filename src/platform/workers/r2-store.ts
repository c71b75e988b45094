// A publication in Cloudflare's R2, through a Worker's binding: no key, no network of one's own.
import type { PublicationStore } from '../../server/publication/store.ts';

/** What is used of Cloudflare's `R2Bucket`. */
export interface R2Bucket {
  get(key: string): Promise<{
    readonly size: number;
    readonly etag: string;
    arrayBuffer(): Promise<ArrayBuffer>;
  } | null>;
  put(
    key: string,
    value: Uint8Array | string,
    options: {
      readonly httpMetadata: { readonly contentType: string; readonly cacheControl: string };
      readonly onlyIf?: { readonly etagMatches?: string; readonly etagDoesNotMatch?: string };
    },
  ): Promise<object | null>;
  delete(keys: string[]): Promise<void>;
  list(options: { readonly prefix: string; readonly cursor?: string }): Promise<{
    readonly objects: readonly { readonly key: string }[];
    readonly truncated: boolean;
    readonly cursor?: string;
  }>;
}

/** Keys that R2 removes in one call. */
const REMOVED = 1_000;

const IMMUTABLE = {
  contentType: 'application/octet-stream',
  cacheControl: 'public, max-age=31536000, immutable, no-transform',
};
const CHANGING = { contentType: 'text/plain; charset=utf-8', cacheControl: 'public, max-age=1, no-transform' };

export function r2Store(bucket: R2Bucket): PublicationStore {
  return {
    find: async (path, maxOctets) => {
      const found = await bucket.get(path);
      if (found === null) return undefined;
      if (found.size > maxOctets) throw new RangeError('a published file is too long');
      return { octets: new Uint8Array(await found.arrayBuffer()), version: found.etag };
    },
    put: async (path, octets) => {
      await bucket.put(path, octets, { httpMetadata: IMMUTABLE });
    },
    replace: async (path, text, version) => {
      const onlyIf = version === undefined ? { etagDoesNotMatch: '*' } : { etagMatches: version };
      return (await bucket.put(path, text, { httpMetadata: CHANGING, onlyIf })) !== null;
    },
    remove: async (paths) => {
      for (let at = 0; at < paths.length; at += REMOVED) await bucket.delete(paths.slice(at, at + REMOVED));
    },
    async *list(prefix) {
      for (let page = await bucket.list({ prefix }); ;) {
        yield page.objects.map(({ key }) => key);
        if (!page.truncated || page.cursor === undefined) return;
        page = await bucket.list({ prefix, cursor: page.cursor });
      }
    },
  };
}
