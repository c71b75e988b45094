// The index of a chain with the SDK (§9.4): sealed for who knows an identifier, and read by who asks the directory to evaluate it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealEntry } from '../../src/protocol/chain/sealed-index.ts';
import { linkHash } from '../../src/protocol/chain/names.ts';
import { generateTemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { parseB64u } from '../../src/protocol/wire.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { BOBCHAT, DIRECTORY, openWorld, random, type World } from './world.ts';

const BOB = '+44 20 7946 0123';
const PROFILE = 'https://schema.example/profile';
const CARD = { definition: 'https://schema.example/card', ref: 'urn:example:card', hash: linkHash('card') };

let database: TestDatabase;
let world: World;
beforeAll(async () => {
  database = await openTestDatabase('pglite');
  world = await openWorld(database);
});
afterAll(() => database.close());

test('sealed by the owner of a number, opened by who knows it, and by nobody else', async () => {
  const providers = [{ domain: BOBCHAT, address: `@bob:${BOBCHAT}`, authorization: 'Bearer bob' }];
  const { kept } = await world.person().register({ identifier: BOB, providers, keep: true });
  const [owner, key] = [world.person(), await generateTemporaryKey()];
  const { state } = await owner.startChain(DIRECTORY, key);
  const record = { ref: 'https://bob.example/profile', hash: linkHash('profile') };
  await owner.appendLink(DIRECTORY, state.id, { type: 'set-index', index: { [PROFILE]: record }, sealed: [] }, key);
  const sealed = await sealEntry(CARD, state.id, [parseB64u(kept?.seal ?? '', 32)], random);
  // What follows from the chain as it is does so at the link it is appended to.
  const made = await owner.appendLink(
    DIRECTORY,
    state.id,
    async ({ index }) => ({ type: 'set-index', index: index.index, sealed: [...index.sealed, sealed] }),
    key,
  );
  expect(made.state.index).toEqual({ index: { [PROFILE]: record }, sealed: [sealed] });

  const reader = world.gatekeeper();
  const before = world.sent.length;
  expect(await reader.readIndex(DIRECTORY, made.state, BOB)).toEqual([CARD]);
  expect(await reader.readIndex(DIRECTORY, made.state, '+44 20 7946 0124')).toEqual([]);
  const asked = world.sent.slice(before);
  expect(asked.filter(({ url }) => url.pathname === '/v1/evaluate')).toHaveLength(2);
  expect(JSON.stringify(asked)).not.toMatch(/7946|0123/);
  // Of another chain nothing opens, though its seal is the same.
  const other = await owner.startChain(DIRECTORY, key);
  expect(await reader.readIndex(DIRECTORY, { ...other.state, index: made.state.index }, BOB)).toEqual([]);
  await expect(reader.readIndex(DIRECTORY, made.state, 'nobody')).rejects.toMatchObject({ code: 'identifier-invalid' });

  // While the directory changes its key, readers ask under both.
  world.rotate(Math.floor(world.now() / 1_000) + 86_400 * 40);
  expect(await world.gatekeeper().readIndex(DIRECTORY, made.state, BOB)).toEqual([CARD]);

  // Where nothing is sealed, nobody is asked to evaluate anything.
  const asking = world.sent.length;
  expect(await reader.readIndex(DIRECTORY, other.state, BOB)).toEqual([]);
  expect(world.sent.slice(asking).filter(({ url }) => url.pathname === '/v1/evaluate')).toEqual([]);
});
