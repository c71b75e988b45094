// Identity chains (§9.1, §9.2): our own vectors, each invalid one for its one sin, and every octet and member of valid chains spoilt.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isNameProof, nameProof } from '../../src/protocol/chain/names.ts';
import { CHAIN_REASONS, chainReason } from '../../src/protocol/chain/reasons.ts';
import { parseLink } from '../../src/protocol/chain/link.ts';
import { verifyChain } from '../../src/protocol/chain/replay.ts';
import { signLink, signStart } from '../../src/protocol/chain/sign.ts';
import { applyLink } from '../../src/protocol/chain/state.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { generateTemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { openEntry, sealEntry } from '../../src/protocol/chain/sealed-index.ts';
import { formatB64u, parseB64u, parseUtf8, utf8 } from '../../src/protocol/wire.ts';
import { formatCases, type ChainCase } from '../support/chain-cases.ts';

const text = readFileSync(new URL('../vectors/chains.json', import.meta.url), 'utf8');
const { now, cases } = JSON.parse(text) as { now: number; cases: ChainCase[] };

const judge = async (links: readonly string[]): Promise<string | undefined> => {
  try {
    await verifyChain(links, now);
    return undefined;
  } catch (error) {
    return chainReason(error) ?? String(error);
  }
};

test('the vectors are those that are made', () => {
  expect(JSON.parse(text)).toEqual(JSON.parse(formatCases()));
});

test('every case has its reason, and every reason but one a case', async () => {
  expect(cases.length).toBe(89);
  for (const { name, links, reason } of cases) expect([name, await judge(links)]).toEqual([name, reason]);
  const met = new Set(cases.map(({ reason }) => reason));
  // Some 250 links: made below.
  expect(Object.keys(CHAIN_REASONS).filter((reason) => !met.has(reason))).toEqual(['links-full']);
});

test('one bit of every octet, every part and every member of valid chains: all refused', async () => {
  const valid = cases.filter(({ reason }) => reason === undefined);
  let tried = 0;
  const refused = async (links: readonly string[], what: string) => {
    tried++;
    expect(await judge(links), what).toBeDefined();
  };
  for (const { name, links } of valid)
    for (const [at, link] of links.entries()) {
      if (at < links.length - 1) await refused(links.toSpliced(at, 1), `${name}: link ${at} dropped`);
      // Of the last link every octet: the links before are the same in other cases.
      if (at < links.length - 1) continue;
      const parts = link.split('.');
      for (const [which, part] of parts.entries()) {
        const octets = parseB64u(part);
        for (let i = 0; i < octets.length; i++) {
          const spoilt = octets.slice();
          spoilt[i] = (spoilt[i] ?? 0) ^ (1 << (i % 8));
          await refused(links.with(at, parts.with(which, formatB64u(spoilt)).join('.')), `${name}: ${which}/${i}`);
        }
        if (which === 2) continue;
        const members = JSON.parse(parseUtf8(octets)) as Record<string, unknown>;
        for (const member of Object.keys(members)) {
          const { [member]: _gone, ...rest } = members;
          const without = formatB64u(utf8(JSON.stringify(rest)));
          await refused(links.with(at, parts.with(which, without).join('.')), `${name}: without ${member}`);
        }
      }
    }
  expect(tried).toBeGreaterThan(5_000);
}, 60_000);

test('a full chain takes its end and nothing else: by links, by octets', async () => {
  const key = await generateTemporaryKey();
  const signing = { iat: now, nonce: formatB64u(new Uint8Array(16)) };
  const hash = formatB64u(new Uint8Array(32));
  // Small entries fill the links first, large ones the octets.
  for (const [uri, length] of [
    [1, 0],
    [400, 9],
  ] as const) {
    const index = Object.fromEntries(
      Array.from({ length }, (_, i) => [`urn:a:${i}${'d'.repeat(uri)}`, { ref: 'urn:a:b', hash }]),
    );
    const links = [await signStart(signing, key)];
    let state = applyLink(undefined, parseLink(links[0] ?? ''));
    let reason: string | undefined;
    while (reason === undefined) {
      const action = { type: 'set-index', index, sealed: [] } as const;
      const link = await signLink(state, action, signing, key).catch((error: unknown) => chainReason(error));
      if (link === 'links-full') reason = link;
      else {
        links.push(link ?? '');
        state = applyLink(state, parseLink(link ?? ''));
      }
    }
    if (length === 0) expect(links.length).toBe(LIMITS.chainLinks - 1);
    else {
      expect(links.length).toBeLessThan(100);
      expect(state.octets).toBeGreaterThan(LIMITS.chainOctets - 2 * LIMITS.tokenOctets - 2);
    }
    links.push(await signLink(state, { type: 'end' }, signing, key));
    expect((await verifyChain(links, now)).ended).toBe(true);
  }
}, 30_000);

test('a proof of a name is for one seal and one key', () => {
  const [seal, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const jkt = formatB64u(other);
  const made = nameProof(seal, jkt);
  expect(isNameProof(made, seal, jkt)).toBe(true);
  expect([isNameProof(made, other, jkt), isNameProof(made, seal, formatB64u(seal))]).toEqual([false, false]);
});

test('a sealed entry opens for each of its names, in its own chain, and for nobody else', async () => {
  const seals = [1, 2, 3].map((value) => new Uint8Array(32).fill(value));
  const [first = new Uint8Array(), second = new Uint8Array(), stranger = new Uint8Array()] = seals;
  const id = formatB64u(new Uint8Array(32).fill(4));
  const entry = { definition: 'urn:a:b', ref: 'https://a.example/', hash: id };
  let drawn = 0;
  const sealed = await sealEntry(entry, id, [first, second], (octets) => new Uint8Array(octets).fill(++drawn));
  expect(drawn).toBe(4);
  for (const seal of [first, second]) expect(await openEntry(sealed, id, seal)).toEqual(entry);
  expect(await openEntry(sealed, id, stranger)).toBeUndefined();
  expect(await openEntry(sealed, formatB64u(new Uint8Array(32)), first)).toBeUndefined();
  const box = parseB64u(sealed.box);
  box[20] = (box[20] ?? 0) ^ 1;
  const error = await openEntry({ ...sealed, box: formatB64u(box) }, id, first).catch((caught: unknown) => caught);
  expect(chainReason(error)).toBe('index-invalid');
});
