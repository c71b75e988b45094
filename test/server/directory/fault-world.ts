// The world of the fault table: a directory's database behind a way that breaks, two witnesses over HTTP that break, a copy
// outside, and everything anybody ever saw of the log.
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sha256 } from '@noble/hashes/sha2.js';
import { expect } from 'vitest';
import { Auditor, type AuditStore } from '../../../src/client/auditor.ts';
import { createLogReader } from '../../../src/client/log-reader.ts';
import type { SafeFetch } from '../../../src/evidence/safe-fetch.ts';
import { checkpointFile } from '../../../src/platform/node/checkpoint-file.ts';
import { KEY_TYPES, formatVkey } from '../../../src/protocol/log/vkey.ts';
import { openCheckpoint } from '../../../src/protocol/log/verify-epoch.ts';
import { parseAddCheckpoint } from '../../../src/protocol/log/witness.ts';
import { formatHex, utf8 } from '../../../src/protocol/wire.ts';
import { UNCOUNTED } from '../../../src/server/metrics.ts';
import { serveUnsigned } from '../../../src/server/own-description.ts';
import { witnessApp } from '../../../src/server/routes/witness.ts';
import { checkpoints } from '../../../src/server/store/log-schema.ts';
import { readHead } from '../../../src/server/store/log.ts';
import { createWitnessMemory } from '../../../src/server/store/witness.ts';
import { importSigner } from '../../protocol/log/signers.ts';
import { checkDirectory } from '../../support/check-directory.ts';
import { createPostgresDatabase, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createDepositor, createParty, DOMAIN, makeDeposit, START, type Made } from '../../support/directory.ts';
import { openPostgresProxy, type Break } from '../../support/postgres-proxy.ts';
import { LOG, openInstance, type Instance, type InstanceOptions } from './fault-instance.ts';
import type { Order } from './fault-process.ts';

const ORIGIN = LOG.key.name;
const POLICY = { origin: ORIGIN, log: LOG.key, witnesses: [], quorum: 0 };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export type LocalInstance = Awaited<ReturnType<typeof openInstance>>;
export type FaultWorld = Awaited<ReturnType<typeof createFaultWorld>>;

export async function createFaultWorld() {
  const time = { now: START * 1000 };
  const place = await createPostgresDatabase();
  const proxy = await openPostgresProxy(place.url);
  const kept = await openTestDatabase('postgres');
  const folder = mkdtempSync(path.join(tmpdir(), 'whereabouts-faults-'));
  const checkpoint = path.join(folder, 'checkpoint');
  const issuer = await createParty('issuer.example');
  const description = { version: 1, domain: issuer.domain, name: 'Issuer', jwks: { keys: [issuer.jwk] } };
  /** Roots by size, of every checkpoint anybody was shown: none has two. */
  const roots = new Map<number, string>();
  const see = async (note: string): Promise<number> => {
    const { size, root } = await openCheckpoint(note, POLICY);
    expect(roots.get(size) ?? formatHex(root), `one checkpoint of size ${size}`).toBe(formatHex(root));
    roots.set(size, formatHex(root));
    return size;
  };
  const witnesses = [
    await openWitness('one.example', kept, time, see),
    await openWitness('two.example', kept, time, see),
  ];
  const optionsFor = (databaseUrl: string): InstanceOptions => ({
    databaseUrl,
    checkpoint,
    now: time.now,
    witnesses,
    descriptions: { [issuer.domain]: JSON.stringify(description) },
  });

  return {
    time,
    proxy,
    /** The witness that breaks; the other one never does. */
    witness: witnesses[0],
    make: async (): Promise<Made> => makeDeposit(await createDepositor(new Uint8Array(randomBytes(32))), [issuer]),
    /** An instance in this process, on the way that breaks or on the straight one. */
    open: (isStraight: boolean): Promise<LocalInstance> =>
      openInstance(optionsFor(isStraight ? place.url : proxy.url), time),
    /** One in a process of its own, on the way that breaks. */
    start: async (ready: Promise<ChildProcess>) => openChild(await ready, optionsFor(proxy.url)),
    /** The whole state of an instance that has nothing left to do; gives the size of the log. */
    check: async ({ directory }: LocalInstance): Promise<number> => {
      const { db } = directory.ctx;
      await checkDirectory(db, Math.floor(time.now / 1000));
      const { size, published } = await readHead(db, DOMAIN);
      expect(published, 'everything that is signed is published').toBe(size);
      for (const { signed, published: note } of await db.select().from(checkpoints)) {
        await see(signed);
        expect(note, 'every checkpoint was published').toContain(signed);
      }
      const shown = await (await directory.request('/log/checkpoint')).text();
      expect(await see(shown), 'the newest checkpoint').toBe(size);
      expect(await replay(directory), 'epochs an auditor replayed').toBe(size);
      for (const { memory } of witnesses) {
        const known = await memory.find(ORIGIN);
        expect(known?.size ?? 0, 'size a witness knows').toBeLessThanOrEqual(size);
        if (known !== undefined) expect(roots.get(known.size), 'root a witness knows').toBe(formatHex(known.root));
      }
      const copy = await checkpointFile(checkpoint).read();
      expect(copy === undefined ? 0 : await see(copy), 'size of the copy').toBeLessThanOrEqual(size);
      return size;
    },
    /** Every witness and the copy are where the log is. */
    expectNewest: async (size: number): Promise<void> => {
      for (const { memory } of witnesses) expect((await memory.find(ORIGIN))?.size, 'size a witness knows').toBe(size);
      expect(await see((await checkpointFile(checkpoint).read()) ?? ''), 'size of the copy').toBe(size);
    },
    close: async () => {
      for (const { close } of witnesses) await close();
      await proxy.close();
      await kept.close();
      await place.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What becomes of the next request to a witness. */
interface WitnessTrap {
  readonly break: Break;
  readonly after?: () => void;
}

/** A witness as `whereabouts witness` is one, its memory in PostgreSQL. */
async function openWitness(
  host: string,
  database: TestDatabase,
  time: { readonly now: number },
  see: (note: string) => Promise<number>,
) {
  const signer = await importSigner(`${host}/witness`, sha256(utf8(host)), KEY_TYPES.cosignature);
  const memory = createWitnessMemory(database.db, signer.key.name);
  const app = witnessApp({
    role: 'witness',
    clock: () => time.now,
    random: (octets) => new Uint8Array(randomBytes(octets)),
    log: quiet,
    metrics: UNCOUNTED,
    later: () => undefined,
    signer,
    findKeys: async (origin) => (origin === ORIGIN ? [LOG.key] : undefined),
    memory,
    description: serveUnsigned('{}'),
  });
  let trap: (WitnessTrap & { readonly sprung: () => void }) | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = new Uint8Array(Buffer.concat(parts));
    const { note } = parseAddCheckpoint(body);
    // Before the first epoch it is asked about the empty log.
    await see(note);
    const now = trap;
    trap = undefined;
    const reply =
      now === undefined || now.break === 'done'
        ? await app.request('/witness/add-checkpoint', { method: 'POST', body })
        : undefined;
    now?.after?.();
    now?.sprung();
    if (now !== undefined) {
      if (now.break !== 'hangs') response.destroy();
      return;
    }
    response.writeHead(reply?.status ?? 500, Object.fromEntries(reply?.headers ?? [])).end(await reply?.text());
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    vkey: formatVkey(signer.key),
    url: `http://127.0.0.1:${port}/`,
    memory,
    /** Springs once; resolves then. */
    set: (chosen: WitnessTrap): Promise<void> =>
      new Promise((sprung) => {
        trap = { ...chosen, sprung };
      }),
    close: () => closeServer(server),
  };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** Replays the whole log over the wire from epoch 0; gives how many epochs there were. */
async function replay(directory: LocalInstance['directory']): Promise<number> {
  let note: string | undefined;
  const store: AuditStore = {
    findCheckpoint: async () => note,
    saveCheckpoint: async (saved) => void (note = saved),
    findSnapshot: async () => undefined,
    saveSnapshot: async () => undefined,
    accuse: async ({ code }) => expect.fail(`the auditor accuses: ${code}`),
  };
  const fetch: SafeFetch = async (address) => {
    const url = new URL(address);
    const reply = await directory.request(url.pathname);
    return { status: reply.status, headers: reply.headers, body: new Uint8Array(await reply.arrayBuffer()), url };
  };
  const clock = () => directory.time.now;
  const reader = createLogReader({ fetch, clock }, async () => directory.ctx.url);
  return (await new Auditor({ reader, policy: async () => POLICY, store, clock }).follow()).size;
}

/** A process that is loaded and knows nothing yet: most of the time a child needs. */
export async function readyChild(): Promise<ChildProcess> {
  const child = fork(path.join(import.meta.dirname, 'fault-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

async function openChild(child: ChildProcess, options: InstanceOptions) {
  const order = async (given: Order): Promise<string> => {
    const said = once(child, 'message');
    const gone = once(child, 'exit').then(() => ['died']);
    child.send(given);
    return String((await Promise.race([said, gone]))[0]);
  };
  expect(await order({ open: options })).toBe('open');
  const ended = once(child, 'exit');
  return {
    deposit: (made) => order({ deposit: { path: made.path, body: made.body } }),
    breakCopy: async (how) => {
      await order({ breakCopy: how });
    },
    kill: () => void child.kill('SIGKILL'),
    ended: async () => void (await ended),
  } satisfies Instance & { kill(): void; ended(): Promise<void> };
}
