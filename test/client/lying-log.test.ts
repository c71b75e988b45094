// A directory that breaks one rule at a time, with its own valid signature: who notices, and with which code. The table in
// docs/threat-model.md, cell by cell.
import { beforeEach, describe, expect, test } from 'vitest';
import { withdraw } from '../../src/client/withdraw.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { compareRecords } from '../../src/protocol/log/changes.ts';
import { verifyEvidence } from '../../src/protocol/log/evidence.ts';
import { generateKeyPair } from '../../src/protocol/oprf.ts';
import { readPage, readTable } from '../docs/tables.ts';
import { keyOf } from '../support/memory-directory.ts';
import { random, type Asker, type LogWorld } from './log-world.ts';
import { CANNOT_SEE, ONLOOKERS, openOnlookers, type Onlookers, type Verdicts } from './onlookers.ts';

let lie: Onlookers;
let world: LogWorld;

beforeEach(async () => {
  lie = await openOnlookers();
  world = lie.world;
  await lie.lookOn();
  expect(await lie.watch()).toBe('clean');
  expect(await lie.ask()).toBe('found');
  world.advance(1);
});

/** What each onlooker says: a code, the kind of a sighting, or that he cannot see it. */
const says = (client: string, monitor: string, auditor: string, witness: string): Verdicts => ({
  client,
  monitor,
  auditor,
  witness,
});

const TABLE: Readonly<Record<string, Verdicts>> = {
  'another record for one requester': says('witnesses-missing', CANNOT_SEE, 'log-forked', '409 log-forked'),
  'a fork': says('log-forked', 'log-forked', 'log-forked', '409 log-forked'),
  'a log rewritten': says(
    'consistency-invalid',
    'consistency-invalid',
    'consistency-invalid',
    '422 consistency-invalid',
  ),
  'a record hidden in a reply': says('bucket-invalid', 'bucket-invalid', CANNOT_SEE, CANNOT_SEE),
  'a record removed unasked': says(CANNOT_SEE, 'missing', CANNOT_SEE, CANNOT_SEE),
  'an old state': says('checkpoint-stale', 'checkpoint-stale', 'checkpoint-stale', '409 checkpoint-stale'),
  'an old state, to whom saw nothing newer': says('epoch-stale', 'epoch-stale', CANNOT_SEE, CANNOT_SEE),
  'an evaluation under another OPRF key': says('evaluation-invalid', CANNOT_SEE, CANNOT_SEE, CANNOT_SEE),
  'another OPRF key in the config text': says('config-invalid', 'config-invalid', CANNOT_SEE, CANNOT_SEE),
  'a hijack for one epoch': says(CANNOT_SEE, 'stranger', CANNOT_SEE, CANNOT_SEE),
  'a history rewound': says(CANNOT_SEE, 'bucket-invalid', 'map-invalid', CANNOT_SEE),
  'a record without a history entry': says(CANNOT_SEE, 'bucket-invalid', 'map-invalid', CANNOT_SEE),
  'an entry in the wrong bucket': says('bucket-invalid', 'bucket-invalid', 'map-invalid', CANNOT_SEE),
  'an entry twice': says('bucket-invalid', 'bucket-invalid', 'map-invalid', CANNOT_SEE),
  'a deposit replayed after withdrawal': says(CANNOT_SEE, 'returned', CANNOT_SEE, CANNOT_SEE),
};

const exposed = new Set<string>();
async function expose(title: string, shown?: Parameters<Onlookers['expose']>[0]): Promise<void> {
  exposed.add(title);
  expect(await lie.expose(shown)).toEqual(TABLE[title]);
}

describe('who notices', () => {
  test('another record for one requester', async () => {
    const record = await lie.hijack();
    const other = await world.honest.fork((step) => step);
    await other.publish({ set: [record] });
    await world.honest.publish();
    await lie.lookOn();
    await expose('another record for one requester', { served: other, toAlice: true });
  });

  test('a fork, shown to those who saw the other branch', async () => {
    const other = await world.honest.fork((step) => step);
    await world.honest.publish();
    // Without asking for witnesses, too: what was seen is enough.
    lie.askers.alice = await world.open();
    expect(await lie.ask()).toBe('found');
    expect(await lie.watch()).toBe('clean');
    await lie.lookOn();
    await other.publish({ set: [await lie.hijack()] });
    await expose('a fork', { served: other });
    const [evidence] = await lie.askers.alice.checkpoints.listEvidence();
    const [a = '', b = ''] = evidence?.notes ?? [];
    await verifyEvidence({ kind: 'two-notes', a, b }, world.signer.key);
  });

  test('a log that is rewritten and goes on', async () => {
    const other = await world.honest.fork((step) => ({ ...step, now: step.now + 1 }));
    await world.honest.publish();
    lie.askers.alice = await world.open();
    expect(await lie.ask()).toBe('found');
    expect(await lie.watch()).toBe('clean');
    await lie.lookOn();
    await other.publish();
    await other.publish();
    await expose('a log rewritten', { served: other });
  });

  test('a record left out of a reply', async () => {
    const spoil: Asker['spoil'] = async (url, reply) => {
      if (!/^\/v1\/buckets\/4\/\d+$/.test(url.pathname)) return reply;
      const text = await reply.text();
      const spoilt = text.replace(/"index":"[^"]*"/, (index) => `"index":""${' '.repeat(index.length - 10)}`);
      return new Response(spoilt, { headers: { 'content-type': 'application/json' } });
    };
    for (const asker of Object.values(lie.askers)) asker.spoil = spoil;
    await expose('a record hidden in a reply');
    expect((await lie.askers.alice.checkpoints.listEvidence()).map(({ code }) => code)).toEqual(['bucket-invalid']);
  });

  test('a record removed though nobody withdrew it', async () => {
    await world.honest.publish({ remove: [lie.storedOf(lie.mine).entry] });
    expect(await lie.ask()).toBe('absent');
    await expose('a record removed unasked');
  });

  test('an old state', async () => {
    const old = await world.honest.fork((step) => step);
    await world.honest.publish();
    expect(await lie.ask()).toBe('found');
    expect(await lie.watch()).toBe('clean');
    await lie.lookOn();
    await expose('an old state', { served: old });
  });

  test('an old state to somebody who saw nothing newer', async () => {
    world.advance(901);
    lie.askers.alice = await world.open();
    await expose('an old state, to whom saw nothing newer');
  });

  test('an evaluation under another key', async () => {
    const [listed] = world.honest.oprf;
    if (listed === undefined) throw new Error('no key');
    world.honest.oprf.splice(0, 1, { ...generateKeyPair(nobleGroup, random), publicKey: listed.publicKey });
    await expose('an evaluation under another OPRF key');
  });

  test('another configuration than the one in the log', async () => {
    const old = world.honest.configText();
    world.honest.oprf.splice(0, 1, generateKeyPair(nobleGroup, random));
    for (const hash of world.honest.configs.keys()) world.honest.configs.set(hash, world.honest.configText());
    expect(world.honest.configText()).not.toBe(old);
    [lie.askers.alice, lie.askers.bob] = [await world.open(), await world.open()];
    await expose('another OPRF key in the config text');
  });

  test('a hijack for one epoch', async () => {
    const record = await lie.hijack();
    await world.honest.publish({ set: [record] });
    expect(await lie.ask()).toBe('hijacked');
    world.advance(1);
    await world.honest.publish({ remove: [record.entry] });
    await expose('a hijack for one epoch');
  });

  test('a history rewound', async () => {
    const before = lie.leafOfMine();
    const record = await lie.hijack();
    await world.honest.publish({ set: [record] });
    expect(await lie.watch()).toBe('stranger');
    world.advance(1);
    const forged = lie.forge([lie.storedOf(lie.mine).entry], before);
    await world.honest.publish({ remove: [record.entry], forged });
    await expose('a history rewound');
  });

  test('a record without an entry in the history', async () => {
    const record = await lie.hijack();
    const { entry } = record;
    world.honest.records.set(keyOf(entry), record);
    const index = [lie.storedOf(lie.mine).entry, entry].toSorted(compareRecords);
    await world.honest.publish({ forged: lie.forge(index) });
    expect(await lie.ask()).toBe('hijacked');
    await expose('a record without a history entry');
  });

  test('an entry in the wrong bucket', async () => {
    const own = lie.storedOf(lie.mine).entry;
    const name = Uint8Array.from(own.name, (octet, at) => (at === 0 ? octet ^ 0x80 : octet));
    await world.honest.publish({ forged: lie.forge([own, { ...own, name }].toSorted(compareRecords)) });
    await expose('an entry in the wrong bucket');
  });

  test('an entry twice', async () => {
    const own = lie.storedOf(lie.mine).entry;
    await world.honest.publish({ forged: lie.forge([own, own]) });
    await expose('an entry twice');
  });

  test('a deposit replayed after it was withdrawn', async () => {
    const stored = lie.storedOf(lie.mine);
    await withdraw(lie.askers.bob.context, lie.mine);
    expect(await lie.watch({ withdrawn: 2 })).toBe('clean');
    world.advance(1);
    await world.honest.publish({ set: [stored] });
    expect(await lie.ask()).toBe('found');
    await expose('a deposit replayed after withdrawal', { own: { withdrawn: 2 } });
  });
});

test('the table, as the threat model has it', () => {
  const rows = Object.entries(TABLE).map(([title, verdicts]) => [title, ...ONLOOKERS.map((who) => verdicts[who])]);
  const header = ['lie', ...ONLOOKERS];
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const lines = [header, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  console.log(lines.map((line) => line.trimEnd()).join('\n'));
  expect(exposed).toEqual(new Set(Object.keys(TABLE)));
  // No lie that nobody sees.
  expect(rows.filter(([, ...cells]) => cells.every((cell) => cell === CANNOT_SEE))).toEqual([]);
  expect(readTable(readPage('docs/threat-model.md'), ...header)).toEqual(rows);
});
