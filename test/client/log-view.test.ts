// A log as it is shown to people: what is shown was proven, whatever the size, and a log that lies is not shown at all.
import { beforeEach, expect, test } from 'vitest';
import type { ShownNode } from '../../src/client/log-view.ts';
import { treeHash } from '../../src/protocol/log/merkle.ts';
import { leafHash } from '../../src/protocol/log/hash.ts';
import { formatHex } from '../../src/protocol/wire.ts';
import { codeOf, DIRECTORY, openLogWorld, type Asker, type LogWorld } from './log-world.ts';

let world: LogWorld;
let alice: Asker;

beforeEach(async () => {
  world = await openLogWorld();
  alice = await world.open();
});

const edges = (node: ShownNode): ShownNode[] => node.children?.flatMap(edges) ?? [node];
const grow = async (to: number): Promise<void> => {
  while (world.honest.logLeaves.length < to) {
    world.advance(1);
    await world.honest.publish();
  }
};

test.each([1, 2, 3, 7, 8, 9, 20, 33])(
  'a log of %i epochs: its newest ones, and a tree that covers all',
  async (size) => {
    await grow(size);
    const view = await alice.client.log(DIRECTORY, { epochs: 5 });
    const shown = Math.min(5, size);
    expect(view).toMatchObject({ directory: DIRECTORY, origin: `${DIRECTORY}/whereabouts`, size });
    expect(view.witnesses.length).toBe(2);
    expect(view.epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: shown }, (_, i) => size - 1 - i));
    const leaves = world.honest.logLeaves.map(leafHash);
    expect(view.root).toBe(formatHex(treeHash(leaves)));
    expect(view.tree.hash).toBe(view.root);
    const parts = edges(view.tree);
    // Without a gap, each a single epoch or a complete subtree of older ones, hashed as its leaves are.
    expect(parts.map(({ start }) => start)).toEqual([0, ...parts.slice(0, -1).map(({ end }) => end)]);
    expect(parts.at(-1)?.end).toBe(size);
    for (const { start, end, hash } of parts) expect(hash).toBe(formatHex(treeHash(leaves.slice(start, end))));
    expect(parts.filter(({ start, end }) => end - start === 1 && start >= size - shown).length).toBe(shown);
  },
);

test('the second look says what it was compared with', async () => {
  await grow(4);
  expect((await alice.client.log(DIRECTORY)).seen).toBeUndefined();
  await grow(9);
  expect(await alice.client.log(DIRECTORY)).toMatchObject({ seen: 4, size: 9 });
});

test('tiles that do not come to the signed root, and a log that was rewritten', async () => {
  await grow(12);
  alice.spoil = async (url, reply) => {
    if (!url.pathname.includes('/log/tile/0/')) return reply;
    const octets = new Uint8Array(await reply.arrayBuffer());
    octets[40] = (octets[40] ?? 0) ^ 1;
    return new Response(octets, { headers: { 'content-type': 'application/octet-stream' } });
  };
  expect(await codeOf(alice.client.log(DIRECTORY))).toBe('inclusion-invalid');
  alice.spoil = undefined;
  await alice.client.log(DIRECTORY);
  alice.served = await world.honest.fork((step, epoch) => (epoch === 3 ? { ...step, now: step.now + 1 } : step));
  for (let more = 0; more < 2; more++) {
    world.advance(1);
    await alice.served.publish();
  }
  expect(await codeOf(alice.client.log(DIRECTORY))).toBe('consistency-invalid');
});
