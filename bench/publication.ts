// What publishing files costs (docs/protocol.md §6.8): a first fill, and an interval with so many changes, from real PostgreSQL into
// a folder on a disk that syncs. Files and octets written are exact; times are wall, for the database is another process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { folderStore } from '../src/platform/node/folder-store.ts';
import { openPostgres } from '../src/platform/node/postgres.ts';
import { Publication } from '../src/server/publication/publish.ts';
import type { PublicationStore } from '../src/server/publication/store.ts';
import { createDepositor, createParty, createTestDirectory, makeDeposit, put } from '../test/support/directory.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { print, type Line } from './measure.ts';

const RECORDS = 1_500;
const AT_ONCE = 16;

export async function benchPublication(): Promise<Record<string, Line[]>> {
  const postgres = await startPostgres();
  const database = await openPostgres(postgres.url);
  const folder = await mkdtemp(path.join(tmpdir(), 'whereabouts-bench-'));
  try {
    const directory = createTestDirectory(database, { listed: ['issuer.example'] });
    const issuer = await createParty('issuer.example');
    directory.world.join(issuer);
    const deposit = async (count: number): Promise<void> => {
      const left = Array.from({ length: count }, (_, i) => i);
      const work = async (): Promise<void> => {
        while (left.pop() !== undefined) {
          const { status } = await put(directory, await makeDeposit(await createDepositor(), [issuer]));
          if (status !== 201) throw new Error(`refused: ${status}`);
        }
      };
      directory.time.now += 1_000;
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      await directory.step();
      await directory.settle();
    };
    const { store, written } = count(folderStore(folder));
    const publication = new Publication(store);
    const results: Record<string, Line[]> = {};
    for (const changes of [RECORDS, 1, 16, 256]) {
      await deposit(changes);
      const before = { ...written };
      const start = performance.now();
      await publication.publish(directory.ctx);
      const milliseconds = performance.now() - start;
      const [files, octets] = [written.files - before.files, written.octets - before.octets];
      const title = `${changes === RECORDS ? 'a first fill' : 'an interval'} with ${changes} changes: ${files} files, ${Math.ceil(octets / 1_024)} KiB, ${milliseconds.toFixed(0)} ms`;
      const lines = [{ name: 'files written (wall)', perSecond: (files * 1_000) / milliseconds, ratio: 1 }];
      print(title, lines);
      results[title] = lines;
    }
    return results;
  } finally {
    await database.close();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function count(store: PublicationStore) {
  const written = { files: 0, octets: 0 };
  const add = (octets: number): void => {
    written.files += 1;
    written.octets += octets;
  };
  const counting: PublicationStore = {
    ...store,
    put: async (file, octets) => {
      await store.put(file, octets);
      add(octets.length);
    },
    replace: async (file, text, version) => {
      const isDone = await store.replace(file, text, version);
      add(text.length);
      return isDone;
    },
  };
  return { store: counting, written };
}
