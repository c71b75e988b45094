// A static file server: all that stands between readers and a publication's folder.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Transport } from '../../src/evidence/safe-fetch.ts';

export interface StaticFiles {
  readonly port: number;
  /** Paths asked for, in turn. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function serveFolder(folder: string): Promise<StaticFiles> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const name = path.posix.normalize(new URL(request.url ?? '', 'http://x').pathname);
    asked.push(name);
    readFile(path.join(folder, name)).then(
      (octets) => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(octets),
      () => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The name under which readers know it; its certificate and its name are not what is tested. */
export const FILES = 'files.example';

/** Reaches the files, and what else `others` reaches. */
export const toFiles =
  ({ port }: Pick<StaticFiles, 'port'>, others: Transport): Transport =>
  (request) =>
    request.url.hostname === FILES
      ? fetch(`http://127.0.0.1:${port}${request.url.pathname}`, { signal: request.signal })
      : others(request);

/** Nobody else is there. */
export const NOBODY: Transport = async () => {
  throw new Error('no such host');
};
