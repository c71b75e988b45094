// A chain that a directory cuts short is noticed; by whom depends on how it does that.
import { sha256 } from '@noble/hashes/sha2.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { findChain, watchedChain } from '../../src/client/chain.ts';
import { monitor } from '../../src/client/monitor.ts';
import { createMemoryMonitorStore } from '../../src/client/monitor-state.ts';
import { formatEntry, type Entry } from '../../src/protocol/bucket.ts';
import { chainName, chainOctets } from '../../src/protocol/chain/names.ts';
import { readChain } from '../../src/protocol/chain/replay.ts';
import { formatBucketLeaf, parseBucketLeaf } from '../../src/protocol/log/bucket-leaf.ts';
import { leafHash } from '../../src/protocol/log/hash.ts';
import { treeHash } from '../../src/protocol/log/merkle.ts';
import { parseB64u } from '../../src/protocol/wire.ts';
import { claim, createOwner, type Owner } from '../support/chains.ts';
import type { MemoryDirectory, Stored } from '../support/memory-directory.ts';
import { codeOf, DIRECTORY, type Asker, type LogWorld } from './log-world.ts';
import { CANNOT_SEE, openOnlookers, type Onlookers, type Verdicts } from './onlookers.ts';

describe('a chain cut short', () => {
  let lie: Onlookers;
  let world: LogWorld;
  let owner: Owner;
  let store: ReturnType<typeof createMemoryMonitorStore>;

  const stored = (links: readonly string[]): Stored => {
    const octets = chainOctets(links);
    const holder = parseB64u(readChain(links).id, 32);
    const entry: Entry = { name: chainName(holder), holder, digest: sha256(octets), length: octets.length };
    return { entry, sealed: new Uint8Array(0) };
  };
  /** The replies a directory in memory has no endpoint for: its bucket, and these links. */
  const serve =
    (directory: MemoryDirectory, links: readonly string[]): Asker['spoil'] =>
    ({ pathname }, reply) => {
      if (!pathname.startsWith('/v1/chains/')) return reply;
      const proof = directory.bucketReply(directory.bucketOf(stored(links).entry.name));
      const lines = [{ epoch: directory.logLeaves.length - 1, ...proof }, ...links].map(
        (line) => `${JSON.stringify(line)}\n`,
      );
      return new Response(lines.join(''), { headers: { 'content-type': 'application/x-ndjson' } });
    };
  const alice = async (): Promise<string> => {
    const { context } = lie.askers.alice;
    return codeOf(findChain(context, DIRECTORY, owner.state().id)).then((code) =>
      code === 'no failure' ? CANNOT_SEE : code,
    );
  };
  const monitored = async (): Promise<string> => {
    const directory = lie.askers.bob.context.directory(DIRECTORY);
    const watched = [watchedChain({ state: owner.state(), links: owner.links })];
    for await (const { outcome, code, sightings } of monitor({ directory, store, clock: world.clock }, watched))
      return outcome === 'alarm' ? sightings.map(({ kind }) => kind).join(' ') : (code ?? outcome);
    return 'no report';
  };
  /** What each says of `links`, as `served` shows them. */
  const expose = async (served: MemoryDirectory, links: readonly string[]): Promise<Verdicts> => {
    const { auditor, witness } = await lie.expose({ served });
    lie.askers.alice.spoil = serve(served, links);
    return { client: await alice(), monitor: await monitored(), auditor, witness };
  };

  beforeEach(async () => {
    lie = await openOnlookers();
    ({ world } = lie);
    store = createMemoryMonitorStore();
    owner = await createOwner(Math.floor(world.clock() / 1_000));
    await owner.add(claim('hackernews', 'bob'));
    await owner.add(claim('dns', 'bob.example'));
    for (const length of [1, 2, 3]) {
      world.advance(1);
      await world.honest.publish({ set: [stored(owner.links.slice(0, length))] });
    }
    await lie.lookOn();
    lie.askers.alice.spoil = serve(world.honest, owner.links);
    expect([await alice(), await monitored()]).toEqual([CANNOT_SEE, 'clean']);
    world.advance(1);
  });

  const shorter = () => owner.links.slice(0, 2);

  test('in a reply only: the reader sees that it is not the map’s', async () => {
    expect(await expose(world.honest, shorter())).toEqual({
      client: 'bucket-invalid',
      monitor: 'clean',
      auditor: CANNOT_SEE,
      witness: CANNOT_SEE,
    });
  });

  test('in a fork of the log: everybody who saw the other branch', async () => {
    const last = world.honest.steps.length - 1;
    const fork = await world.honest.fork((step, epoch) => (epoch === last ? { now: step.now } : step));
    expect(await expose(fork, shorter())).toEqual({
      // She demands two witnesses, who would not sign it.
      client: 'witnesses-missing',
      monitor: 'log-forked',
      auditor: 'log-forked',
      witness: '409 log-forked',
    });
  });

  test('in an older state of the log', async () => {
    const last = world.honest.steps.length - 1;
    const old = await world.honest.fork((step, epoch) => (epoch === last ? undefined : step));
    expect(await expose(old, shorter())).toMatchObject({ client: 'checkpoint-stale', monitor: 'checkpoint-stale' });
  });

  test('in the open, as if it were a change like any other: who watches it', async () => {
    await world.honest.publish({ set: [stored(shorter())] });
    expect(await expose(world.honest, shorter())).toEqual({
      client: CANNOT_SEE,
      monitor: 'altered',
      auditor: CANNOT_SEE,
      witness: CANNOT_SEE,
    });
  });

  test('in a bucket beside what the log says it did: the auditor as well', async () => {
    const { entry } = stored(shorter());
    const bucket = world.honest.bucketOf(entry.name);
    const index = world.honest.indexOf(bucket).map((one) => (Buffer.compare(one.name, entry.name) === 0 ? entry : one));
    const leaf = parseBucketLeaf(world.honest.leafData(bucket));
    if (leaf === undefined) throw new Error('a bucket never used');
    const entriesRoot = treeHash(index.map((one) => leafHash(formatEntry(one))));
    await world.honest.publish({
      forged: new Map([[bucket, { index, leafData: formatBucketLeaf({ ...leaf, entriesRoot }) }]]),
    });
    const { monitor: said, auditor } = await expose(world.honest, shorter());
    expect([said, auditor]).toEqual(['bucket-invalid', 'map-invalid']);
  });
});
