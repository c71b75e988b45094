// A directory as a process that publishes to a folder, killed: what it published is read on, by a description it served before.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openReader, readAll } from '../support/publication.ts';
import { createPostgresDatabase } from '../support/database.ts';
import { DOMAIN } from '../support/directory.ts';
import { makeHome, run, startServer } from '../support/program.ts';
import { FILES, NOBODY, serveFolder, toFiles } from '../support/static-files.ts';

const home = makeHome();
const folder = path.join(home.folder, 'public');
const closers: (() => unknown)[] = [() => home.remove()];
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

test('serves, publishes, is killed, and is still read', async () => {
  await run(['init', '--domain', DOMAIN], home.env);
  const database = await createPostgresDatabase();
  closers.push(() => database.drop());
  const env = {
    ...home.env,
    DATABASE_URL: database.url,
    WHEREABOUTS_DOMAIN: DOMAIN,
    WHEREABOUTS_PORT: '0',
    WHEREABOUTS_PUBLICATION: folder,
    WHEREABOUTS_PUBLICATION_INTERVAL: '1',
    WHEREABOUTS_PUBLICATION_URL: `https://${FILES}/`,
  };
  const server = await startServer(['serve'], env, /"event":"listening"/);
  closers.push(() => server.stop('SIGKILL'));
  const port = /"port":(\d+)/.exec(server.stdout() + server.stderr())?.[1];
  const description = await (await fetch(`http://127.0.0.1:${port}/.well-known/whereabouts`)).json();
  const { directory } = description as { directory: { log: string; publication: string } };
  expect(directory.publication).toBe(`https://${FILES}`);
  await expect.poll(() => existsSync(path.join(folder, 'epoch')), { timeout: 60_000 }).toBe(true);
  await server.stop('SIGKILL');
  const files = await serveFolder(folder);
  closers.push(() => files.close());
  const reader = openReader({ transport: toFiles(files, NOBODY), clock: Date.now, log: directory.log });
  expect(await readAll(reader, Date.now)).toBe(0);
}, 180_000);
