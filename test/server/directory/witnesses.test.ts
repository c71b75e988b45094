// The directory's side of add-checkpoint, over the fetch it has outside: honest witnesses beside slow, dead, lying and
// strange ones. None of them holds up or spoils another, and nothing unverified gets into the checkpoint.
import { describe, expect, test } from 'vitest';
import { createSafeFetch, type Transport } from '../../../src/evidence/safe-fetch.ts';
import { sha256 } from '../../../src/protocol/log/hash.ts';
import { formatNote, openNote, signNote, type NoteSigner } from '../../../src/protocol/log/note.ts';
import { formatVkey, KEY_TYPES } from '../../../src/protocol/log/vkey.ts';
import { parseAddCheckpoint } from '../../../src/protocol/log/witness.ts';
import { utf8 } from '../../../src/protocol/wire.ts';
import { createWitnesses, type Opinion } from '../../../src/server/directory/sequencer/witnesses.ts';
import { witnessPeer } from '../../../src/server/log-parts.ts';
import { UNCOUNTED } from '../../../src/server/metrics.ts';
import { witnessApp } from '../../../src/server/routes/witness.ts';
import type { KeptState, WitnessMemory } from '../../../src/server/witness/add-checkpoint.ts';
import { importSigner } from '../../protocol/log/signers.ts';
import { createTestLog, LEAVES, LOG, NOW, type TestLog } from '../witness/world.ts';

type Answer = (body: string) => Response | Promise<Response>;

const log = createTestLog(LEAVES);
const fork = createTestLog(LEAVES.map((leaf, i) => (i < 5 ? leaf : `other ${i}`)));
const signerOf = (host: string): Promise<NoteSigner> =>
  importSigner(`${host}/witness`, sha256(utf8(host)), KEY_TYPES.cosignature);

/** A memory as long as the test: what keeps it for good is tested with the witness. */
function memoryOf(states = new Map<string, KeptState>()): WitnessMemory {
  return {
    find: async (origin) => states.get(origin),
    replace: async (origin, before, after) => {
      if (states.get(origin) !== before) return false;
      states.set(origin, after);
      return true;
    },
    accuse: async () => undefined,
  };
}

/** An honest witness of its own. */
async function honest(host: string): Promise<Answer> {
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const app = witnessApp({
    role: 'witness',
    clock: () => NOW * 1000,
    random: (octets) => new Uint8Array(octets),
    log: quiet,
    metrics: UNCOUNTED,
    later: () => undefined,
    signer: await signerOf(host),
    findKeys: async () => [LOG.key],
    memory: memoryOf(),
    description: async () => '{}',
  });
  return async (body) => app.request('/witness/add-checkpoint', { method: 'POST', body });
}

const text = (body: string, status = 200): Response =>
  new Response(body, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
const size = (body: string): Response =>
  new Response(body, { status: 409, headers: { 'content-type': 'text/x.tlog.size' } });

const clock = () => NOW * 1000;

/** The directory's witnesses, each at a host of its own; `asked` counts exchanges. */
async function createDirectorySide(answers: Readonly<Record<string, Answer>>) {
  const asked: Record<string, string[]> = {};
  const transport: Transport = async ({ url, body, signal }) => {
    expect(url.pathname).toBe('/witness/add-checkpoint');
    (asked[url.hostname] ??= []).push(String(body));
    const answer = answers[url.hostname];
    if (answer === undefined) throw new Error('no such host');
    const gone = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
    gone.catch(() => undefined);
    return Promise.race([Promise.resolve(answer(String(body))), gone]);
  };
  const fetch = createSafeFetch(transport, { sandbox: false });
  const peers = await Promise.all(
    Object.keys(answers).map(async (host) =>
      witnessPeer(fetch, formatVkey((await signerOf(host)).key), `https://${host}/witness`),
    ),
  );
  const witnesses = createWitnesses(peers, clock);
  const ask = async (upTo: number, story: TestLog = log) =>
    witnesses.ask({ size: upTo, note: await story.sign(upTo), prove: async (old) => story.prove(old, upTo) });
  return { ask, asked };
}

const verdicts = (opinions: readonly Opinion[]): Record<string, string> =>
  Object.fromEntries(opinions.map(({ witness, verdict }) => [witness.replace('.example/witness', ''), verdict]));

test('honest witnesses cosign, and are asked from where each was left', async () => {
  const { ask, asked } = await createDirectorySide({
    'a.example': await honest('a.example'),
    'b.example': await honest('b.example'),
  });
  for (const upTo of [3, 4, 4, 20]) {
    const opinions = await ask(upTo);
    expect(verdicts(opinions)).toEqual({ a: 'cosigned', b: 'cosigned' });
    const note = (await log.sign(upTo)) + opinions.map(({ line }) => line).join('');
    const keys = await Promise.all(['a.example', 'b.example'].map(async (host) => (await signerOf(host)).key));
    expect((await openNote(note, [LOG.key, ...keys])).verified.length).toBe(3);
  }
  expect(asked['a.example']?.map((body) => parseAddCheckpoint(utf8(body)).old)).toEqual([0, 3, 4, 4]);
});

test('a witness that is elsewhere is asked once more, with a proof from there', async () => {
  const [a, b] = [await honest('a.example'), await honest('b.example')];
  const before = await createDirectorySide({ 'a.example': a, 'b.example': b });
  await before.ask(7);
  // Another instance, or this one after a restart: it has no idea.
  const { ask, asked } = await createDirectorySide({ 'a.example': a, 'b.example': b });
  expect(verdicts(await ask(12))).toEqual({ a: 'cosigned', b: 'cosigned' });
  expect(asked['a.example']?.map((body) => parseAddCheckpoint(utf8(body)).old)).toEqual([0, 7]);
  // The first instance believes them at 7 still.
  expect(verdicts(await before.ask(20))).toEqual({ a: 'cosigned', b: 'cosigned' });
  expect(before.asked['a.example']?.map((body) => parseAddCheckpoint(utf8(body)).old)).toEqual([0, 7, 12]);
});

test('a witness that is ahead, or knows another log of that size, says so', async () => {
  const a = await honest('a.example');
  await (await createDirectorySide({ 'a.example': a })).ask(20, fork);
  const { ask } = await createDirectorySide({ 'a.example': a });
  expect(await ask(12)).toMatchObject([{ verdict: 'ahead', size: 20 }]);
  expect(await ask(20)).toMatchObject([{ verdict: 'forked', size: 20 }]);
  expect(await ask(30)).toMatchObject([{ verdict: 'refused' }]);
});

test('slow and dead ones cost a second together, and nothing of the others', async () => {
  const never = new Promise<Response>(() => undefined);
  const trickle = (): Response =>
    new Response(new ReadableStream({ start: (stream) => stream.enqueue(utf8('— ')) }), {
      headers: { 'content-type': 'text/plain' },
    });
  const { ask } = await createDirectorySide({
    'a.example': await honest('a.example'),
    'silent.example': () => never,
    'trickle.example': trickle,
    'dead.example': () => {
      throw new Error('connection refused');
    },
    'late.example': () => new Promise((resolve) => setTimeout(resolve, 5_000, text('late'))),
    'b.example': await honest('b.example'),
  });
  const begun = performance.now();
  const opinions = await ask(9);
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(verdicts(opinions)).toEqual({
    a: 'cosigned',
    silent: 'unreachable',
    trickle: 'unreachable',
    dead: 'unreachable',
    late: 'unreachable',
    b: 'cosigned',
  });
});

describe('what comes back is verified', async () => {
  const own = await signerOf('liar.example');
  const other = await signerOf('other.example');
  const textOf = async (upTo: number, story = log): Promise<string> => (await story.sign(upTo)).split('\n\n')[0] + '\n';
  const cosign = async (signer: NoteSigner, time = NOW, story = log): Promise<string> =>
    signNote(await textOf(9, story), signer, time);
  const good = await cosign(own);
  const logLine = (await log.sign(9)).split('\n\n')[1] ?? '';
  const asLog = { key: { ...own.key, type: KEY_TYPES.ed25519 }, privateKey: own.privateKey };

  const LIES: readonly (readonly [string, Response, Opinion['verdict']])[] = [
    ['another checkpoint', text(await cosign(own, NOW, fork)), 'invalid'],
    ['by another key', text(await cosign(other)), 'invalid'],
    ['by another key under its name', text(await cosign({ ...other, key: own.key })), 'invalid'],
    ['by no witness', text(await signNote(await textOf(9), asLog)), 'invalid'],
    ['the log’s own line', text(logLine), 'invalid'],
    ['an hour old', text(await cosign(own, NOW - 3_600)), 'invalid'],
    ['an hour ahead', text(await cosign(own, NOW + 3_600)), 'invalid'],
    ['cut off', text(good.slice(0, 60)), 'invalid'],
    ['nothing', text(''), 'invalid'],
    ['a whole note', text(formatNote('x\n', [])), 'invalid'],
    ['a web page', new Response('<p>', { headers: { 'content-type': 'text/html' } }), 'unreachable'],
    ['too much', text(good.repeat(1_000)), 'unreachable'],
    ['elsewhere', new Response(null, { status: 307, headers: { location: 'https://other.example/' } }), 'unreachable'],
    ['a refusal', text('no', 403), 'refused'],
    ['trouble', text('no', 500), 'refused'],
    ['a size that is none', size('many\n'), 'invalid'],
    ['a negative size', size('-1\n'), 'invalid'],
    ['the size it was told', size('0\n'), 'refused'],
  ];

  test.each(LIES)('%s', async (_title, lie, verdict) => {
    const { ask } = await createDirectorySide({
      'liar.example': () => lie.clone(),
      'honest.example': await honest('honest.example'),
    });
    const opinions = await ask(9);
    expect(verdicts(opinions)).toEqual({ liar: verdict, honest: 'cosigned' });
    expect(opinions[0]?.line).toBeUndefined();
    // A lie today does not keep it from cosigning tomorrow.
    expect(verdicts(await ask(12))['honest']).toBe('cosigned');
  });

  test('a good line among others is taken, and nothing else', async () => {
    const { ask } = await createDirectorySide({
      'liar.example': async () => text(`— other.example/witness AAAA\nhello\n${await cosign(other)}${good}${logLine}`),
    });
    expect(await ask(9)).toEqual([{ witness: 'liar.example/witness', verdict: 'cosigned', line: good }]);
  });

  test('one that changes its size with every question is not asked for ever', async () => {
    let at = 0;
    const { ask, asked } = await createDirectorySide({ 'liar.example': () => size(`${(at = (at % 8) + 1)}\n`) });
    expect(verdicts(await ask(9))).toEqual({ liar: 'refused' });
    expect(asked['liar.example']?.length).toBe(3);
  });
});
