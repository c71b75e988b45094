// A log that grows, and a witness of it: what crosses HTTP here crosses it outside.
import { formatCheckpoint } from '../../../src/protocol/log/checkpoint.ts';
import { leafHash, sha256 } from '../../../src/protocol/log/hash.ts';
import { makeConsistency, memoryTree, treeRoot } from '../../../src/protocol/log/merkle.ts';
import { formatNote, signNote, type NoteSigner } from '../../../src/protocol/log/note.ts';
import { KEY_TYPES, type NoteKey } from '../../../src/protocol/log/vkey.ts';
import { formatAddCheckpoint } from '../../../src/protocol/log/witness.ts';
import { formatBase64, utf8 } from '../../../src/protocol/wire.ts';
import { UNCOUNTED } from '../../../src/server/metrics.ts';
import { witnessApp } from '../../../src/server/routes/witness.ts';
import type { WitnessContext, WitnessMemory } from '../../../src/server/witness/add-checkpoint.ts';
import { importSigner } from '../../protocol/log/signers.ts';

export const ORIGIN = 'log.example/whereabouts';
export const NOW = 1_790_000_000;
export const WITNESS: NoteSigner = await importSigner(
  'example.com/witness',
  sha256(utf8('witness')),
  KEY_TYPES.cosignature,
);
export const LOG: NoteSigner = await importSigner(ORIGIN, sha256(utf8('log')));
export const STRANGER: NoteSigner = await importSigner(ORIGIN, sha256(utf8('stranger')));

/** A tree of `leaves`, which two forks share up to where they differ. */
export function createTestLog(leaves: readonly string[]) {
  const tree = memoryTree(leaves.map((leaf) => leafHash(utf8(leaf))));
  const rootOf = (size: number) => treeRoot(size, tree);
  const prove = (old: number, size: number): string[] =>
    old === 0 || old === size ? [] : makeConsistency(old, size, tree).map(formatBase64);
  const sign = async (size: number, by = LOG): Promise<string> => {
    const text = formatCheckpoint({ origin: by.key.name, size, root: rootOf(size) });
    return formatNote(text, [await signNote(text, by)]);
  };
  return {
    rootOf,
    prove,
    sign,
    /** The request a log sends for its first `size` leaves to a witness that is at `old`. */
    ask: async (old: number, size: number, by = LOG) =>
      formatAddCheckpoint(old, prove(old, size), await sign(size, by)),
  };
}

export type TestLog = ReturnType<typeof createTestLog>;
export const LEAVES: readonly string[] = Array.from({ length: 40 }, (_, i) => `leaf ${i}`);

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface TestWitness {
  readonly logged: { event: string; fields: object }[];
  add(body: string | Uint8Array): Promise<Reply>;
  request(path: string, init?: RequestInit): Promise<Response>;
}

export function createTestWitness(
  memory: WitnessMemory,
  keys: readonly NoteKey[] = [LOG.key],
  role: WitnessContext['role'] = 'witness',
): TestWitness {
  const logged: TestWitness['logged'] = [];
  const write = (event: string, fields: object = {}) => void logged.push({ event, fields });
  const ctx: WitnessContext = {
    role,
    clock: () => NOW * 1000,
    random: () => {
      throw new Error('a witness needs no randomness');
    },
    log: { debug: write, info: write, warn: write, error: write },
    metrics: UNCOUNTED,
    later: () => undefined,
    signer: WITNESS,
    findKeys: async (origin) => {
      const found = keys.filter(({ name }) => name === origin);
      return found.length === 0 ? undefined : found;
    },
    memory,
    description: async () => '{}',
  };
  const app = witnessApp(ctx);
  const request: TestWitness['request'] = async (path, init) => app.request(path, init);
  return {
    logged,
    request,
    add: async (body) => {
      const octets = typeof body === 'string' ? utf8(body) : Uint8Array.from(body);
      const response = await request(`/${role}/add-checkpoint`, { method: 'POST', body: octets });
      return { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() };
    },
  };
}
