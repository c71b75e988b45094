// A store with S3's interface on loopback: s3rver, which checks signatures, and in front of it the conditional writes that it does
// not know (If-Match and If-None-Match on PUT, as S3, R2 and MinIO have them).
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import S3rver from '@20minutes/s3rver';
import { s3Store, type S3Options } from '../../src/platform/s3-store.ts';

const BUCKET = 'files';

export interface TestS3 {
  readonly port: number;
  /** Methods and paths of requests, in turn. */
  readonly asked: string[];
  /** Answers in the store's place, where it gives a status. */
  trouble: ((method: string, path: string) => number | undefined) | undefined;
  store(change?: Partial<S3Options>): ReturnType<typeof s3Store>;
  close(): Promise<void>;
}

export async function openS3(): Promise<TestS3> {
  const directory = await mkdtemp(path.join(tmpdir(), 'whereabouts-s3-'));
  const s3 = new S3rver({ directory, silent: true, vhostBuckets: false, configureBuckets: [{ name: BUCKET }] });
  await s3.configureBuckets();
  const serve = s3.callback();
  const asked: string[] = [];
  const state: Pick<TestS3, 'trouble'> = { trouble: undefined };

  const holds = async ({ headers, url = '' }: IncomingMessage): Promise<boolean> => {
    const key = new URL(url, 'http://x').pathname.slice(BUCKET.length + 2);
    const etag = (await s3.store.existsObject(BUCKET, key))
      ? (await s3.store.getMetadata(BUCKET, key)).etag
      : undefined;
    if (headers['if-none-match'] === '*') return etag === undefined;
    return headers['if-match'] === etag;
  };
  const write = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!(await holds(request))) {
      response.writeHead(412).end();
      return;
    }
    const done = new Promise((resolve) => response.once('close', resolve));
    serve(request, response);
    await done;
  };
  let writing = Promise.resolve();
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    asked.push(`${method} ${url}`);
    const status = state.trouble?.(method, url);
    if (status !== undefined) response.writeHead(status).end();
    // One at a time: the comparison and the write are one.
    else if ('if-match' in request.headers || 'if-none-match' in request.headers)
      writing = writing.then(() => write(request, response));
    else serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    port,
    asked,
    store: (change = {}) =>
      s3Store({
        url: `http://127.0.0.1:${port}/${BUCKET}/public`,
        region: 'us-east-1',
        keyId: 'S3RVER',
        secretKey: 'S3RVER',
        fetch: (request) => fetch(request),
        ...change,
      }),
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await rm(directory, { recursive: true, force: true });
    },
  });
}
