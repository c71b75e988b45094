// Everybody who could notice that a directory lies: Alice, who asks and demands two witnesses; Bob's monitor; an auditor and a
// witness. All have looked at the honest log before the lie. Eve wants Bob's messages.
import { Auditor } from '../../src/client/auditor.ts';
import { createLogReader } from '../../src/client/log-reader.ts';
import { createMemoryMonitorStore } from '../../src/client/monitor-state.ts';
import { monitor, type OwnRecord } from '../../src/client/monitor.ts';
import type { Registration } from '../../src/client/registration.ts';
import { formatEntry, type Entry } from '../../src/protocol/bucket.ts';
import { formatBucketLeaf, parseBucketLeaf, type BucketLeaf } from '../../src/protocol/log/bucket-leaf.ts';
import { parseCheckpoint } from '../../src/protocol/log/checkpoint.ts';
import { leafHash } from '../../src/protocol/log/hash.ts';
import { makeConsistency, memoryTree, treeHash } from '../../src/protocol/log/merkle.ts';
import { parseNote } from '../../src/protocol/log/note.ts';
import { judgeAddCheckpoint, type WitnessState } from '../../src/protocol/log/witness.ts';
import { parseB64u } from '../../src/protocol/wire.ts';
import type { Forged, MemoryDirectory, Stored } from '../support/memory-directory.ts';
import { BOB, BOBCHAT, DIRECTORY, EVECHAT, codeOf, openLogWorld } from './log-world.ts';

export const ONLOOKERS = ['client', 'monitor', 'auditor', 'witness'] as const;

/** What each says of a lie: a code, what a monitor calls a sighting, or that it is none to him. */
export type Verdicts = Readonly<Record<(typeof ONLOOKERS)[number], string>>;

export const CANNOT_SEE = 'cannot see';

/** Answers of a look-up in which nothing looks wrong, the worst of them too. */
const CONTENT = ['found', 'absent', 'hijacked'];

export type Onlookers = Awaited<ReturnType<typeof openOnlookers>>;

export async function openOnlookers() {
  const world = await openLogWorld();
  const pin = { log: world.signer.key, witnesses: world.witnesses.map(({ key }) => ({ key })), quorum: 2 };
  const askers = { alice: await world.open(pin), bob: await world.open(), carol: await world.open() };
  const eve = await world.open();
  const mine = await world.register(askers.bob, BOBCHAT);
  const bucketOfMine = (): number => world.honest.bucketOf(parseB64u(mine.name, 32));
  const store = createMemoryMonitorStore();
  let checkpoint: string | undefined;
  const auditor = new Auditor({
    reader: createLogReader(askers.carol.context, async () => `https://${DIRECTORY}`),
    policy: () => askers.carol.context.directory(DIRECTORY).policy(),
    clock: world.clock,
    store: {
      findCheckpoint: async () => checkpoint,
      saveCheckpoint: async (note) => void (checkpoint = note),
      findSnapshot: async () => undefined,
      saveSnapshot: async () => undefined,
      accuse: async () => undefined,
    },
  });
  let cosigned: WitnessState = { size: 0, root: new Uint8Array(32) };

  /** What Alice ends up with. */
  const ask = async (): Promise<string> => {
    const { outcome, directories, routes } = await askers.alice.client.where(BOB);
    return directories[0]?.code ?? (routes.some(({ provider }) => provider.domain === EVECHAT) ? 'hijacked' : outcome);
  };

  /** What Bob's monitor tells; `change` is what he knows by now of his own record. */
  const watch = async (change: Partial<OwnRecord> = {}): Promise<string> => {
    const { name, holder, digest } = mine;
    const directory = askers.bob.context.directory(DIRECTORY);
    const watched = [{ name, own: [{ holder, digest, ...change }] }];
    for await (const { outcome, code, sightings } of monitor({ directory, store, clock: world.clock }, watched))
      return outcome === 'alarm' ? sightings.map(({ kind }) => kind).join(' ') : (code ?? outcome);
    return 'no report';
  };

  const audit = (): Promise<string> => codeOf(auditor.follow());

  /** What the witness does with the log it is shown; without its consent the cosignatures are gone. */
  const witness = async (directory: MemoryDirectory): Promise<string> => {
    const note = directory.note;
    const shown = { ...parseCheckpoint(parseNote(note).text), extensions: [] };
    const grown = shown.size > cosigned.size;
    const proof = grown
      ? makeConsistency(cosigned.size, shown.size, memoryTree(directory.logLeaves.map(leafHash)))
      : [];
    const old = Math.min(cosigned.size, shown.size);
    const verdict = await judgeAddCheckpoint({ old, proof, note, checkpoint: shown }, [world.signer.key], cosigned);
    if (verdict.status === 200) return CANNOT_SEE;
    // What it cosigned when it was the newest stays cosigned.
    if (!world.honest.notes.includes(note)) {
      const names = world.witnesses.map(({ key }) => key.name).join('|');
      directory.notes[directory.notes.length - 1] = note.replaceAll(new RegExp(`^— (?:${names}) .*\n`, 'gm'), '');
    }
    const forked = verdict.status === 409 && verdict.forked ? 'log-forked' : 'checkpoint-stale';
    return `${verdict.status} ${verdict.status === 409 ? forked : 'consistency-invalid'}`;
  };

  /** Auditor and witness look at the log as it honestly is. */
  const lookOn = async (): Promise<void> => {
    askers.carol.served = world.honest;
    await auditor.follow();
    cosigned = parseCheckpoint(parseNote(world.honest.note).text);
  };

  /**
   * Shows a lie to everybody. `served`: the log that is shown in place of the honest one; `toAlice`: to nobody else but
   * those whose signatures she demands. `own`: what Bob knows of his record.
   */
  const expose = async (
    lie: { served?: MemoryDirectory; toAlice?: boolean; own?: Partial<OwnRecord> } = {},
  ): Promise<Verdicts> => {
    const { served = world.honest, toAlice = false, own } = lie;
    const { alice, bob, carol } = askers;
    const witnessed = await witness(served);
    [alice.served, bob.served, carol.served] = [served, toAlice ? world.honest : served, served];
    const [client, watched, audited] = [await ask(), await watch(own), await audit()];
    return {
      client: CONTENT.includes(client) ? CANNOT_SEE : client,
      monitor: watched === 'clean' ? CANNOT_SEE : watched,
      auditor: audited === 'no failure' ? CANNOT_SEE : audited,
      witness: witnessed,
    };
  };

  const storedOf = ({ holder }: Registration, directory = world.honest): Stored => {
    const own = parseB64u(holder, 32);
    const found = [...directory.records.values()].find(({ entry }) => Buffer.compare(entry.holder, own) === 0);
    if (found === undefined) throw new Error('no record');
    return found;
  };

  /** A record of Eve's under Bob's name, made in another world of the same keys: not in this log yet. */
  const hijack = async (): Promise<Stored> => {
    const aside = await world.honest.fork((step) => step);
    eve.served = aside;
    return storedOf(await world.register(eve, EVECHAT), aside);
  };

  const leafOfMine = (): BucketLeaf => {
    const leaf = parseBucketLeaf(world.honest.leafData(bucketOfMine()));
    if (leaf === undefined) throw new Error('a bucket never used');
    return leaf;
  };

  /** The bucket of Bob's name with other entries, and a leaf that fits them but for `change`. */
  const forge = (index: readonly Entry[], change: Partial<BucketLeaf> = {}): ReadonlyMap<number, Forged> => {
    const entriesRoot = treeHash(index.map((entry) => leafHash(formatEntry(entry))));
    const leafData = formatBucketLeaf({ ...leafOfMine(), count: index.length, entriesRoot, ...change });
    return new Map([[bucketOfMine(), { index, leafData }]]);
  };

  return { world, askers, mine, ask, watch, lookOn, expose, storedOf, hijack, leafOfMine, forge };
}
