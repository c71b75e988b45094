// What one directory says about an identifier: what is read for it and how often, which records count, and what is left open.
import { beforeEach, describe, expect, test } from 'vitest';
import { createBlinding } from '../../src/client/blinding.ts';
import { lookUp, type Finding, type Reading } from '../../src/client/look-up.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { parseIdentifier } from '../../src/protocol/identifier.ts';
import { generateKeyPair } from '../../src/protocol/oprf.ts';
import { parseB64u } from '../../src/protocol/wire.ts';
import { problem } from '../support/memory-directory.ts';
import {
  BOB,
  BOBCHAT,
  DIRECTORY,
  EVECHAT,
  LOG_POLICY,
  NOBODY,
  openLogWorld,
  random,
  type Asker,
  type LogWorld,
} from './log-world.ts';

let world: LogWorld;
let alice: Asker;
let bob: Asker;
let reading: Omit<Reading, 'blinding'>;

beforeEach(async () => {
  world = await openLogWorld();
  [alice, bob] = [await world.open(), await world.open()];
  const issuers = [BOBCHAT, EVECHAT];
  const described = await Promise.all(issuers.map((domain) => alice.context.descriptions.fetch(domain)));
  const keys = new Map(described.map(({ domain, jwks }) => [domain, jwks]));
  reading = {
    until: world.clock() + 60_000,
    cover: false,
    trust: LOG_POLICY.trust,
    keys: (issuer) => keys.get(issuer),
  };
});

async function look(text = BOB, change: Partial<Reading> = {}): Promise<Finding> {
  const ids = [parseIdentifier(text)];
  const blinding = createBlinding(alice.context, ids);
  world.honest.asked.length = 0;
  const found = lookUp(alice.context, alice.context.directory(DIRECTORY), ids, { ...reading, blinding, ...change });
  const [finding] = await Promise.all(found);
  if (finding === undefined) throw new Error('no finding');
  return finding;
}
const asked = (pattern: RegExp): number => world.honest.asked.filter((path) => pattern.test(path)).length;
const BUCKET = /^GET \/v1\/buckets\/\d+\/\d+$/;
const SEALED = /\/sealed$/;

/** A record of somebody whose name is beside another one, the octets served for it not those of its digest. */
const publishBeside = async (name: Uint8Array): Promise<void> => {
  const other = random(32);
  other[0] = name[0] ?? 0;
  const entry = { name: other, holder: random(32), digest: random(32), length: 1_084 };
  await world.honest.publish({ set: [{ entry, sealed: random(1_084) }] });
};

describe('what is read', () => {
  test('sealed records only on a hit, or under cover', async () => {
    const [name] = (await look(NOBODY)).names ?? [];
    await publishBeside(name?.name ?? random(32));
    expect(await look(NOBODY)).toMatchObject({ records: [], proof: { epoch: 1 } });
    expect([asked(BUCKET), asked(SEALED)]).toEqual([1, 0]);
    expect((await look(NOBODY, { cover: true })).code).toBeUndefined();
    expect(asked(SEALED)).toBe(1);
    await world.register(bob, BOBCHAT);
    expect((await look()).records).toHaveLength(1);
    expect(asked(SEALED)).toBe(1);
  });

  test.each([
    ['overloaded', 503, 1],
    ['quota-exceeded', 429, 1],
    ['depth-changed', 409, 3],
  ] as const)('a bucket that is refused with %s, so often', async (code, status, times) => {
    let refused = 0;
    // Not for ever, should somebody ask so often.
    alice.spoil = ({ pathname }, reply) =>
      BUCKET.test(`GET ${pathname}`) && refused++ < 5 ? problem(status, code) : reply;
    expect((await look()).code).toBe(code);
    expect(asked(BUCKET)).toBe(times);
  });

  test('a bucket again where its records are not those of the index, the epoch not', async () => {
    await world.register(bob, BOBCHAT);
    for (const spoilt of [1, 3]) {
      let reads = 0;
      alice.spoil = async ({ pathname }, reply) => {
        if (!SEALED.test(pathname) || ++reads > spoilt) return reply;
        const octets = new Uint8Array(await reply.arrayBuffer());
        octets[100] = (octets[100] ?? 0) ^ 1;
        return new Response(octets, { headers: { 'content-type': 'application/octet-stream' } });
      };
      await alice.context.directory(DIRECTORY).head(reading.until);
      const finding = await look();
      expect(finding.code).toBe(spoilt === 3 ? 'record-invalid' : undefined);
      expect([finding.records.length, reads, asked(/epoch/)]).toEqual([spoilt === 3 ? 0 : 1, spoilt === 3 ? 3 : 2, 0]);
    }
  });

  test('a bucket again where a later epoch overtook the answer', async () => {
    const old = await world.honest.fork((step) => step);
    await world.register(bob, BOBCHAT);
    const [name] = (await look()).names ?? [];
    alice.spoil = async (url, reply) => {
      if (!BUCKET.test(`GET ${url.pathname}`)) return reply;
      alice.spoil = undefined;
      return old.answer('GET', url, '');
    };
    expect(await look()).toMatchObject({ records: [{}], names: [name] });
    expect(asked(BUCKET)).toBe(2);
  });
});

describe('what counts', () => {
  test('the records of the name, whatever lies beside them', async () => {
    const { name } = await world.register(bob, BOBCHAT);
    for (let n = 0; n < 4; n++) await publishBeside(parseB64u(name, 32));
    const finding = await look();
    expect(finding).toMatchObject({ records: [{ issuers: [BOBCHAT] }], proof: { epoch: 5 } });
    expect(finding.code).toBeUndefined();
  });

  test('no absence where the word of an issuer that counts cannot be checked', async () => {
    await world.register(bob, BOBCHAT);
    expect(await look(BOB, { keys: () => undefined })).toMatchObject({ records: [], code: 'provider-unknown' });
    const trust = { tel: [], mailto: [] };
    expect((await look(BOB, { keys: () => undefined, trust })).code).toBeUndefined();
  });

  test('a fault of our own is no finding', async () => {
    await world.register(bob, BOBCHAT);
    const keys = () => {
      throw new TypeError('a bug');
    };
    await expect(look(BOB, { keys })).rejects.toThrow(TypeError);
  });
});

describe('under two keys', () => {
  beforeEach(async () => {
    const [old] = world.honest.oprf;
    if (old === undefined) throw new Error('no key');
    world.honest.oprf.push(generateKeyPair(nobleGroup, random));
    const until = world.clock() / 1000 + 1_000;
    await world.honest.publish({ config: world.honest.configText({ key: old, until }) });
  });
  const register = async (under: number, provider: string): Promise<string> => {
    const { name } = await world.register(bob, provider, { under });
    world.advance(1);
    return name;
  };
  const found = async () => {
    const { records } = await look();
    return records.map(({ proof, issuers }) => `${proof.sub} ${issuers.join()}`).toSorted();
  };

  test('what could not be read under one of them leaves the question open', async () => {
    for (let n = 0, tried = 0; tried < 1; n++) {
      const id = `+44 20 7946 01${10 + n}`;
      const [first, second] = ((await look(id)).names ?? []).map(({ name }) => world.honest.bucketOf(name));
      if (first === undefined || second === undefined) throw new Error('two names');
      // Each of the buckets is to be refused alone.
      if (first === second) continue;
      tried++;
      for (const bucket of [first, second]) {
        alice.spoil = ({ pathname }, reply) => (pathname.endsWith(`/4/${bucket}`) ? problem(503, 'overloaded') : reply);
        expect(await look(id)).toMatchObject({ records: [], code: 'overloaded' });
      }
    }
  });

  test.each([0, 1])('the newer record of one issuer stands for both names (first %s)', async (first) => {
    await register(first, BOBCHAT);
    const later = await register(1 - first, BOBCHAT);
    expect(await found()).toEqual([`${later} ${BOBCHAT}`]);
  });

  test('records of other issuers, and of one name, stand beside each other', async () => {
    const one = await register(0, BOBCHAT);
    const other = await register(1, EVECHAT);
    const both = [`${one} ${BOBCHAT}`, `${other} ${EVECHAT}`].toSorted();
    expect(await found()).toEqual(both);
    await register(0, BOBCHAT);
    expect(await found()).toEqual([...both, `${one} ${BOBCHAT}`].toSorted());
  });

  test('records of one moment stand beside each other', async () => {
    const names = [];
    for (const under of [0, 1]) names.push((await world.register(bob, BOBCHAT, { under })).name);
    expect(await found()).toEqual(names.map((name) => `${name} ${BOBCHAT}`).toSorted());
  });
});
