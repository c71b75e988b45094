// Identity chains over HTTP (§9.6) on both databases, the whole state checked after every test.
import { sha256 } from '@noble/hashes/sha2.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bucketNumber, parseIndex, splitSealed } from '../../../src/protocol/bucket.ts';
import { chainName, isChainEntry, linkHash } from '../../../src/protocol/chain/names.ts';
import { verifyChain } from '../../../src/protocol/chain/replay.ts';
import { signStart } from '../../../src/protocol/chain/sign.ts';
import { verifyBundle } from '../../../src/protocol/log/verify-bundle.ts';
import { parseTlogProof } from '../../../src/protocol/log/tlog-proof.ts';
import { parseMapProof } from '../../../src/protocol/log/bundle.ts';
import { parseEpochLeaf } from '../../../src/protocol/log/leaf-text.ts';
import { generateTemporaryKey } from '../../../src/protocol/token/temporary-key.ts';
import { equalOctets, formatB64u, formatHex, parseB64u, utf8, Writer } from '../../../src/protocol/wire.ts';
import { checkDirectory } from '../../support/check-directory.ts';
import { claim, createOwner, type Owner } from '../../support/chains.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  createDepositor,
  createParty,
  createTestDirectory,
  DOMAIN,
  HOST,
  json,
  LOG_SIGNER,
  makeDeposit,
  outcome,
  PRODUCTION,
  put,
  START,
  type TestDirectory,
} from '../../support/directory.ts';

const start = (directory: TestDirectory, link: string, client?: string) =>
  directory.request('/v1/chains', json('POST', { link }), client);
const append = (directory: TestDirectory, id: string, link: string) =>
  directory.request(`/v1/chains/${id}`, json('POST', { link }));

async function refusalOf(response: Response | Promise<Response>) {
  const given = await response;
  const { code, reason } = (await given.json()) as { code: string; reason?: string };
  return [given.status, code, ...(reason === undefined ? [] : [reason])];
}

/** Reads a chain as anybody would, and verifies its bundle. */
async function readChainOf(directory: TestDirectory, id: string) {
  const response = await directory.request(`/v1/chains/${id}`);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const [proof, ...links] = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  const { epoch, index, bundle } = proof as { epoch: number; index: string; bundle: string };
  const name = chainName(parseB64u(id, 32));
  const { depth, config } = parseEpochLeaf(parseMapProof(parseTlogProof(bundle).extra ?? new Uint8Array()).logLeaf);
  const now = Math.floor(directory.time.now / 1000);
  const policy = { origin: `${DOMAIN}/whereabouts`, log: LOG_SIGNER.key, witnesses: [], quorum: 0 };
  const { entries } = await verifyBundle({ index, bundle }, { name, depth, config, now }, policy);
  const octets = utf8(links.join('\n'));
  expect(entries.map(({ holder, digest, length }) => [formatHex(holder), formatHex(digest), length])).toEqual([
    [formatHex(parseB64u(id, 32)), formatHex(sha256(octets)), octets.length],
  ]);
  return { epoch, links: links as string[] };
}

describe.each(LONG_ENGINES)('chains on %s', (engine) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  let owner: Owner;
  let id: string;

  beforeAll(async () => {
    database = await openTestDatabase(engine);
  });
  beforeEach(async () => {
    await emptyTables(database);
    directory = createTestDirectory(database);
    owner = await createOwner();
    ({ id } = owner.state());
  });
  afterEach(async () => {
    await checkDirectory(database.db, Math.floor(directory.time.now / 1000));
  });
  afterAll(() => database.close());

  test('begun, continued, read with what proves it whole; the same again is no error', async () => {
    const first = await start(directory, owner.links[0] ?? '');
    expect([first.status, await first.json()]).toMatchObject([201, { id, seq: 0, epoch: 0 }]);
    const second = await owner.add(claim('hackernews', 'bob'));
    expect(await outcome(append(directory, id, second))).toEqual({ status: 201 });
    expect(await outcome(append(directory, id, second))).toEqual({ status: 200 });
    expect(await outcome(start(directory, owner.links[0] ?? ''))).toEqual({ status: 200 });
    const { links } = await readChainOf(directory, id);
    expect(links).toEqual(owner.links);
    expect(await verifyChain(links, START)).toEqual(owner.state());
  });

  test('refusals, each with its code', async () => {
    const key = await generateTemporaryKey();
    const stranger = await createOwner();
    expect(await refusalOf(append(directory, id, await owner.sign({ type: 'end' })))).toEqual([404, 'chain-unknown']);
    await start(directory, owner.links[0] ?? '');
    await start(directory, stranger.links[0] ?? '');
    const two = await owner.sign({ type: 'add-key', key });
    await append(directory, id, await owner.add(claim('dns', 'bob.example')));
    const stale = [409, 'chain-stale'];
    const response = await append(directory, id, two);
    expect(await response.json()).toMatchObject({ code: 'chain-stale', tip: owner.state().tip, seq: 1 });
    expect(await refusalOf(append(directory, stranger.state().id, two))).toEqual([400, 'chain-invalid', 'other-chain']);
    expect(await refusalOf(start(directory, two))).toEqual([400, 'chain-invalid', 'first-link']);
    const forged = await owner.sign({ type: 'end' });
    const spoilt = `${forged.slice(0, -8)}${forged.at(-8) === 'A' ? 'B' : 'A'}${forged.slice(-7)}`;
    expect(await refusalOf(append(directory, id, spoilt))).toEqual([400, 'chain-invalid', 'signature-invalid']);
    const ahead = await owner.sign({ type: 'end' }, owner.key, START + 61);
    expect(await refusalOf(append(directory, id, ahead))).toEqual([400, 'chain-invalid', 'time-ahead']);
    expect(await refusalOf(append(directory, id, 'no token'))).toEqual([400, 'chain-invalid', 'token-invalid']);
    expect(await refusalOf(directory.request(`/v1/chains/${id}`, json('POST', { link: two, more: 1 })))).toEqual([
      400,
      'request-invalid',
    ]);
    expect(await refusalOf(directory.request('/v1/chains/short'))).toEqual([400, 'request-invalid']);
    const nobody = linkHash('nobody');
    expect(await refusalOf(directory.request(`/v1/chains/${nobody}`))).toEqual([404, 'chain-unknown']);
    expect(stale[0]).toBe(response.status);
    await append(directory, id, await owner.add({ type: 'end' }));
    expect(await refusalOf(directory.request(`/v1/chains/${id}/did.json`))).toEqual([410, 'chain-ended']);
    expect((await readChainOf(directory, id)).links).toEqual(owner.links);
  });

  test('two links at once: exactly one is the next', async () => {
    await start(directory, owner.links[0] ?? '');
    const made = await Promise.all(
      ['a.example', 'b.example', 'c.example', 'd.example'].map((domain) => owner.sign(claim('dns', domain))),
    );
    const outcomes = await Promise.all(made.map((link) => outcome(append(directory, id, link))));
    expect(outcomes.filter(({ status }) => status === 201).length).toBe(1);
    expect(outcomes.filter(({ code }) => code === 'chain-stale').length).toBe(made.length - 1);
    const [winner] = made.filter((_, i) => outcomes[i]?.status === 201);
    expect((await readChainOf(directory, id)).links).toEqual([owner.links[0], winner]);
    // The same link from two sides, begun or continued, is one link.
    const other = await createOwner();
    const twice = await Promise.all([start(directory, other.links[0] ?? ''), start(directory, other.links[0] ?? '')]);
    expect(twice.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 201]);
  });

  test('searched by account, and by nothing else, a page at a time', async () => {
    const owners = await Promise.all(Array.from({ length: 66 }, () => createOwner()));
    const claimed: Promise<Response>[] = [];
    await Promise.all(owners.map((each, i) => start(directory, each.links[0] ?? '', `192.0.2.${i}`)));
    const claims = owners.map((each) => each.add(claim('github', 'bob', 'abcdef0123')));
    for (const [i, link] of (await Promise.all(claims)).entries()) {
      const of = owners[i]?.state().id ?? '';
      claimed.push(directory.request(`/v1/chains/${of}`, json('POST', { link }), `192.0.2.${i}`));
    }
    await Promise.all(claimed);
    const search = async (query: string) => (await directory.request(`/v1/chains?${query}`)).json();
    type Page = { chains: { id: string; link: string }[]; next?: string };
    const page = (await search('account=github:Bob')) as Page;
    expect(page.chains.length).toBe(64);
    const rest = (await search(`account=github:bob&after=${page.next ?? ''}`)) as Page;
    expect([rest.chains.length, rest.next]).toEqual([2, undefined]);
    const found = [...page.chains, ...rest.chains].map((one) => `${one.id} ${one.link}`).toSorted();
    expect(found).toEqual(owners.map((each) => `${each.state().id} ${each.state().tip}`).toSorted());
    const [gone] = owners;
    if (gone === undefined) throw new Error('nobody');
    await append(directory, gone.state().id, await gone.add({ type: 'end' }));
    const after = (await search('account=github:bob')) as Page;
    expect(after.chains.map((one) => one.id)).not.toContain(gone.state().id);
    expect(await refusalOf(directory.request('/v1/chains?account=fax:bob'))).toEqual([400, 'account-invalid']);
    expect(await refusalOf(directory.request('/v1/chains?account=dns:bob@bob.example'))).toEqual([
      400,
      'account-invalid',
    ]);
    expect(await refusalOf(directory.request('/v1/chains'))).toEqual([400, 'request-invalid']);
    expect(await refusalOf(directory.request('/v1/chains?account=dns:a.example&name=x'))).toEqual([
      400,
      'request-invalid',
    ]);
  }, 60_000);

  test('a DID document of what is claimed', async () => {
    await start(directory, owner.links[0] ?? '');
    await append(directory, id, await owner.add(claim('activitypub', '@bob@mastodon.example')));
    const did = `did:web:${HOST}:v1:chains:${id}`;
    expect(await (await directory.request(`/v1/chains/${id}/did.json`)).json()).toEqual({
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
      id: did,
      alsoKnownAs: ['acct:bob@mastodon.example'],
      verificationMethod: [
        { id: `${did}#${owner.key.jkt}`, type: 'JsonWebKey2020', controller: did, publicKeyJwk: owner.key.jwk },
      ],
      authentication: [`${did}#${owner.key.jkt}`],
      assertionMethod: [`${did}#${owner.key.jkt}`],
      service: [{ id: `${did}#chain`, type: 'WhereaboutsChain', serviceEndpoint: `https://${HOST}/v1/chains/${id}` }],
    });
  });

  test('beside records in one bucket: neither is taken for the other', async () => {
    const bob = await createParty('bob.example');
    directory.world.join(bob);
    await start(directory, owner.links[0] ?? '');
    // Before and behind the chain in its bucket.
    for (const [octet, value] of [1, 1, 30, 30].entries()) {
      const name = chainName(parseB64u(id, 32)).slice();
      name[value] = (name[value] ?? 0) ^ (octet + 1);
      const made = await makeDeposit(await createDepositor(name), [bob]);
      expect(await outcome(put(directory, made))).toEqual({ status: 201 });
    }
    const place = `/v1/buckets/4/${bucketNumber(chainName(parseB64u(id, 32)), 4)}`;
    const { index } = (await (await directory.request(place)).json()) as { index: string };
    const sealed = new Uint8Array(await (await directory.request(`${place}/sealed`)).arrayBuffer());
    const entries = parseIndex(parseB64u(index));
    const records = splitSealed(entries, sealed);
    expect(entries.length).toBe(5);
    for (const [i, entry] of entries.entries())
      expect(isChainEntry(entry) || equalOctets(sha256(records[i] ?? new Uint8Array()), entry.digest)).toBe(true);
    expect(entries.filter(isChainEntry).length).toBe(1);
    // Nobody deposits where readers would see a chain.
    const key = await generateTemporaryKey();
    const disguised = { name: chainName(parseB64u(key.jkt, 32)), key };
    expect(await outcome(put(directory, await makeDeposit(disguised, [bob])))).toEqual({
      status: 400,
      code: 'record-invalid',
    });
  });

  test('quotas: chains and links per address, links per chain; what is refused or repeated costs nothing', async () => {
    const quota = (capacity: number) => ({ capacity, refill: capacity, seconds: 86_400 });
    const quotas = { ...PRODUCTION, chainsPerAddress: quota(2), linksPerChain: quota(2), linksPerAddress: quota(3) };
    directory = createTestDirectory(database, { quotas });
    const [second, third] = [await createOwner(), await createOwner()];
    for (const each of [owner, owner, second])
      expect((await start(directory, each.links[0] ?? '')).status).toBeLessThan(300);
    expect(await outcome(start(directory, third.links[0] ?? ''))).toEqual({ status: 429, code: 'quota-exceeded' });
    expect(await outcome(start(directory, third.links[0] ?? '', '192.0.2.9'))).toEqual({ status: 201 });
    for (const domain of ['a.example', 'b.example']) await append(directory, id, await owner.add(claim('dns', domain)));
    expect(await outcome(append(directory, id, await owner.sign({ type: 'end' })))).toMatchObject({ status: 429 });
    const other = second.state().id;
    expect(await outcome(append(directory, other, await second.add(claim('dns', 'a.example'))))).toEqual({
      status: 201,
    });
    expect(await outcome(append(directory, other, await second.sign({ type: 'end' })))).toMatchObject({ status: 429 });
    directory.time.now += 86_400_000;
    expect(await outcome(append(directory, other, await second.add({ type: 'end' })))).toEqual({ status: 201 });
  });

  test('a bucket takes so many chains, so that records have room', async () => {
    const key = await generateTemporaryKey();
    const chosen: string[] = [];
    for (let n = 0; chosen.length < 65; n++) {
      const nonce = formatB64u(new Writer().u64(n).u64(0).finish());
      const link = await signStart({ iat: START, nonce }, key);
      if (bucketNumber(chainName(sha256(utf8(link))), 4) === 3) chosen.push(link);
    }
    const from = (link: string, i: number) => outcome(start(directory, link, `198.51.100.${i}`));
    const outcomes = await Promise.all(chosen.slice(0, 64).map(from));
    outcomes.push(await from(chosen[64] ?? '', 64));
    expect(outcomes.slice(0, 64).every(({ status }) => status === 201)).toBe(true);
    expect(outcomes[64]).toEqual({ status: 409, code: 'name-full' });
  }, 60_000);
});
