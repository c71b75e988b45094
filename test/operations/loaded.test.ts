// What is watched costs what is asked for: a question from the shell loads nothing of a server, a server nothing that no setting wants.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { generateKey } from 'openpgp';
import { afterAll, expect, test } from 'vitest';
import { chain, key } from '../evidence/keybase-chain.ts';
import { makeHome, run, startServer } from '../support/program.ts';

const home = makeHome();
afterAll(() => home.remove());
const hook = pathToFileURL(path.resolve(import.meta.dirname, 'loaded.mjs')).href;
const file = path.join(home.folder, 'loaded');
const env = { ...home.env, LOADED: file, NODE_OPTIONS: `--import ${hook}` };
const loaded = (): string[] => readFileSync(file, 'utf8').split('\n');

test('a look-up from the shell', async () => {
  expect((await run(['where', '--help'], env)).code).toBe(0);
  expect(loaded()).toContain('commander');
  const servers = /^(?:pino|prom-client|@opentelemetry\/.*|drizzle-orm|postgres|hono|@hono\/.*|@electric-sql\/.*)$/;
  expect(loaded().filter((name) => servers.test(name))).toEqual([]);
});

test('a directory', async () => {
  const settings = { ...env, WHEREABOUTS_DOMAIN: 'directory.example', WHEREABOUTS_PORT: '0' };
  expect((await run(['init'], settings)).code).toBe(0);
  const server = await startServer(['serve'], settings, /"event":"listening"/);
  // It listens before it hears signals.
  const port = Number(/"port":(\d+)/.exec(server.stderr())?.[1]);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  await sleep(500);
  expect(await server.stop()).toBe(0);
  const watching = /^(?:pino|prom-client|@opentelemetry\/.*)$/;
  expect(
    loaded()
      .filter((name) => watching.test(name))
      .toSorted(),
  ).toEqual(['@opentelemetry/api', 'pino']);
  expect(loaded()).not.toContain('openpgp');
});

test('a document of another system: OpenPGP only where there is a PGP key in it', async () => {
  const eldest = key(1);
  const made = chain(eldest);
  made.add(eldest, { type: 'eldest' });
  const { publicKey } = await generateKey({ userIDs: [{ name: 'Max' }], format: 'armored' });
  const withPgp = { ...made.document(), keys: [eldest.kid, publicKey] };
  const read = async (document: object): Promise<string[]> => {
    expect((await run(['chain', 'import', 'keybase', '-'], env, JSON.stringify(document))).code).toBe(0);
    return loaded();
  };
  expect(await read(made.document())).not.toContain('openpgp');
  expect(await read(withPgp)).toContain('openpgp');
});

test('the SDK’s entries, as they are imported', async () => {
  const load = (entry: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', `await import('${entry}')`], { env });
  for (const entry of ['sdk-node.ts', 'imports.ts']) {
    await load(pathToFileURL(path.resolve(import.meta.dirname, '../../src', entry)).href);
    expect([entry, loaded().includes('@noble/hashes'), loaded().includes('openpgp')]).toEqual([entry, true, false]);
  }
});
