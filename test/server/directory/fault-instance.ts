// One instance of a directory for the fault table: on a database, with witnesses over HTTP and a copy outside, the same in this
// process and in one that can be killed. Run as a program it takes its options and its deposits from its parent.
import { sha256 } from '@noble/hashes/sha2.js';
import { checkpointFile } from '../../../src/platform/node/checkpoint-file.ts';
import { openPostgres } from '../../../src/platform/node/postgres.ts';
import { nobleGroup } from '../../../src/protocol/group-noble.ts';
import { parseVkey } from '../../../src/protocol/log/vkey.ts';
import { generateKeyPair, keyId } from '../../../src/protocol/oprf.ts';
import { utf8 } from '../../../src/protocol/wire.ts';
import type { ShownCheckpoint } from '../../../src/server/context.ts';
import { createWitnesses, type WitnessPeer } from '../../../src/server/directory/sequencer/witnesses.ts';
import { importSigner } from '../../protocol/log/signers.ts';
import { createTestDirectory, DOMAIN, outcome, put, type Made, type TestDirectory } from '../../support/directory.ts';
import type { Break } from '../../support/postgres-proxy.ts';

/** The log key of every instance, and its OPRF key: seeds that are public for ever. */
export const LOG = await importSigner(`${DOMAIN}/whereabouts`, sha256(utf8('log of the fault table')));
const pair = generateKeyPair(nobleGroup, (octets) => sha256(utf8('OPRF of the fault table')).slice(0, octets));
const OPRF = { ...pair, id: keyId(pair.publicKey) };

/** What becomes of one write of the copy; `killed` ends the process before it, `killed once done` after it. */
export type CopyBreak = Break | 'killed' | 'killed once done';

export interface InstanceOptions {
  readonly databaseUrl: string;
  readonly checkpoint: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly witnesses: readonly { readonly vkey: string; readonly url: string }[];
  /** Descriptions of issuers, by domain. */
  readonly descriptions: Readonly<Record<string, string>>;
}

export interface Instance {
  /** Status of the reply, with its code where it is none that went well. */
  deposit(made: Pick<Made, 'path' | 'body'>): Promise<string>;
  /** The next copy is written like this; resolves once it was tried. */
  breakCopy(how: CopyBreak): Promise<void>;
}

export async function openInstance(
  options: InstanceOptions,
  time = { now: options.now },
): Promise<Instance & { readonly directory: TestDirectory; close(): Promise<void> }> {
  const database = await openPostgres(options.databaseUrl);
  const { shown, breakCopy } = breakable(checkpointFile(options.checkpoint));
  const directory = createTestDirectory(database, {
    oprfKeys: [OPRF],
    logSigner: LOG,
    time,
    listed: Object.keys(options.descriptions),
    witnesses: createWitnesses(options.witnesses.map(peerOf), () => time.now),
    sequencing: { shown },
  });
  for (const [domain, body] of Object.entries(options.descriptions)) directory.world.descriptions.set(domain, body);
  return {
    directory,
    breakCopy,
    deposit: async (made) => {
      const { status, code = '' } = await outcome(put(directory, made));
      return `${status} ${code}`.trim();
    },
    close: async () => {
      await directory.settle();
      await database.close();
    },
  };
}

const peerOf = ({ vkey, url }: InstanceOptions['witnesses'][number]): WitnessPeer => ({
  key: parseVkey(vkey),
  send: async (body) => {
    const reply = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(5_000) });
    return { status: reply.status, body: await reply.text() };
  },
});

function breakable(copy: ShownCheckpoint): { shown: ShownCheckpoint; breakCopy: Instance['breakCopy'] } {
  let next: { readonly how: CopyBreak; readonly tried: () => void } | undefined;
  const end = () => process.kill(process.pid, 'SIGKILL');
  const write: ShownCheckpoint['write'] = async (size, note) => {
    const { how, tried } = next ?? {};
    next = undefined;
    if (how === 'killed') end();
    if (how === undefined || how === 'done' || how === 'killed once done') await copy.write(size, note);
    if (how === 'killed once done') end();
    tried?.();
    if (how === 'hangs') await new Promise(() => undefined);
    if (how !== undefined) throw new Error('the disk is full');
  };
  return {
    shown: { ...copy, write },
    breakCopy: (how) =>
      new Promise((tried) => {
        next = { how, tried };
      }),
  };
}
