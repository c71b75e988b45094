// Many at once against a directory that is served: evaluations far beyond their quota, and readers and depositors beside them who must
// not notice. Every reply is looked at as a client looks at it: a bucket has to be proven, and to hold what was acknowledged before.
import { randomBytes } from 'node:crypto';
import { Agent, request as send } from 'undici';
import { bucketNumber } from '../../src/protocol/bucket.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { sha256 } from '../../src/protocol/log/hash.ts';
import { parseVkey } from '../../src/protocol/log/vkey.ts';
import { verifyBundle, verifyReceipt } from '../../src/protocol/log/verify-bundle.ts';
import type { LogPolicy } from '../../src/protocol/log/verify-epoch.ts';
import { blind } from '../../src/protocol/oprf.ts';
import { equalOctets, formatB64u, parseB64u, parseHex, utf8 } from '../../src/protocol/wire.ts';
import { sleep } from '../../src/server/directory/sequencer/waiting.ts';
import { clientToken, createDepositor, DOMAIN, makeDeposit } from './directory.ts';
import type { Party } from './parties.ts';
import { findKey, seconds } from './served-directory.ts';

export interface StormOptions {
  /** Base URL of the directory, and who has a quota there. */
  readonly url: string;
  readonly party: Party;
  readonly readers: number;
  readonly depositors: number;
  /** Clients that ask for evaluations, elements a request, and requests a second all together. */
  readonly clients: number;
  readonly elements: number;
  readonly perSecond: number;
  /** Refusals but 429 and 503, and connections that broke, are forgiven: the database is being restarted. */
  readonly rough?: boolean;
}

export interface Tally {
  /** Statuses of replies by what was asked; 0 for no reply. */
  readonly statuses: Record<string, Record<number, number>>;
  /** Milliseconds of each bucket read that was answered. */
  readonly reads: number[];
  /** Deposits that were acknowledged. */
  readonly acknowledged: { readonly name: Uint8Array; readonly digest: Uint8Array }[];
  /** What must never be: replies that do not verify, records that are gone, refusals of another kind, refusals without `Retry-After`. */
  readonly faults: string[];
}

interface Head {
  readonly depth: number;
  readonly config: Uint8Array;
}

/** A storm that goes on until `stop`; `calm` leaves out the evaluations. */
export async function openStorm(options: StormOptions) {
  const { url, party } = options;
  const agent = new Agent({ connections: 64, pipelining: 1 });
  const described = (await (await fetch(`${url}/.well-known/whereabouts`)).json()) as { directory: { log: string } };
  const log = parseVkey(described.directory.log);
  const policy: LogPolicy = { origin: log.name, log, witnesses: [], quorum: 0 };
  const key = await findKey(url);
  const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));
  const names = Array.from({ length: options.elements }, (_, i) => utf8(`tel:+4420794${String(i).padStart(5, '0')}`));
  const blinded = blind(nobleGroup, names, random).blinded.map(formatB64u);
  const tally: Tally = { statuses: {}, reads: [], acknowledged: [], faults: [] };
  const fault = (what: string) => void (tally.faults.length < 100 && tally.faults.push(what));
  const ending = new AbortController();
  let head: Head | undefined;

  const ask = async (
    what: string,
    at: string,
    init: { method?: 'PUT' | 'POST'; body?: unknown; token?: string } = {},
  ) => {
    const { method = 'GET', body, token } = init;
    const headers = {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const own = (tally.statuses[what] ??= {});
    try {
      const reply = await send(`${url}${at}`, {
        method,
        headers,
        dispatcher: agent,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const { statusCode: status } = reply;
      own[status] = (own[status] ?? 0) + 1;
      const text = await reply.body.text();
      const isRefusal = status === 429 || status === 503;
      if (status >= 400 && !isRefusal && status !== 409) fault(`${what}: ${status} ${text.slice(0, 200)}`);
      if (isRefusal && reply.headers['retry-after'] === undefined) fault(`${what}: ${status} without Retry-After`);
      if (status === 429 && reply.headers['ratelimit'] === undefined) fault(`${what}: 429 without RateLimit`);
      return { status, text };
    } catch (error) {
      own[0] = (own[0] ?? 0) + 1;
      if (options.rough !== true) fault(`${what}: ${String(error)}`);
      return undefined;
    }
  };
  /** What a client knows of the newest epoch; asked anew where a reply says that there is another. */
  const readHead = async (): Promise<void> => {
    const reply = await ask('epoch', '/v1/epoch');
    const config = await ask('config', '/v1/config');
    const depth = /^depth (\d+)$/m.exec(
      Buffer.from(/^extra (\S+)$/m.exec(reply?.text ?? '')?.[1] ?? '', 'base64').toString(),
    )?.[1];
    if (depth !== undefined && config?.status === 200)
      head = { depth: Number(depth), config: sha256(utf8(config.text)) };
  };
  await readHead();

  const read = async (): Promise<void> => {
    const known = tally.acknowledged[Math.floor(Math.random() * tally.acknowledged.length)];
    if (head === undefined) return readHead();
    const name = known?.name ?? random(32);
    const begun = performance.now();
    const reply = await ask('read', `/v1/buckets/${head.depth}/${bucketNumber(name, head.depth)}`);
    if (reply?.status === 409) return readHead();
    if (reply?.status !== 200) return;
    tally.reads.push(performance.now() - begun);
    const { depth, config } = head;
    try {
      const parsed = JSON.parse(reply.text) as { index: string; bundle: string };
      const { entries } = await verifyBundle(parsed, { name, depth, config, now: seconds() }, policy);
      if (known === undefined ? entries.length > 0 : !entries.some(({ digest }) => equalOctets(digest, known.digest)))
        fault('read: not what was acknowledged');
    } catch (error) {
      // Split meanwhile, or another configuration.
      head = undefined;
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (code !== 'depth-changed' && code !== 'config-changed') fault(`read: ${String(error)}`);
    }
  };
  const deposit = async (): Promise<void> => {
    const now = seconds();
    const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
    const depositor = await createDepositor(random(32));
    const made = await makeDeposit(depositor, [party], times);
    // Until it is answered, as the protocol has it: doing it again changes nothing.
    for (let isDone = false; !isDone && !ending.signal.aborted;) {
      const reply = await ask('deposit', made.path, { method: 'PUT', body: made.body });
      isDone = reply?.status === 201 || reply?.status === 200;
      if (!isDone || reply === undefined) {
        await sleep(250);
        continue;
      }
      const digest = parseHex(made.digest, 32);
      tally.acknowledged.push({ name: depositor.name, digest });
      if (head === undefined) continue;
      const receipt = { ...(JSON.parse(reply.text) as { index: string; bundle: string; epoch: number }), digest };
      const holder = parseB64u(depositor.key.jkt, 32);
      const asked = { name: depositor.name, holder, depth: head.depth, config: head.config, now: seconds() };
      await verifyReceipt(receipt, asked, policy).catch((error: unknown) => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        if (code !== 'depth-changed' && code !== 'config-changed') fault(`receipt: ${String(error)}`);
      });
    }
  };
  const evaluate = async (): Promise<void> => {
    const token = await clientToken(party, { aud: DOMAIN, iat: seconds(), exp: seconds() + 60 });
    await ask('evaluate', '/v1/evaluate', { method: 'POST', body: { key, blinded }, token });
  };

  const repeat = async (work: () => Promise<void>, pause: number): Promise<void> => {
    // Not all in step.
    await sleep(Math.random() * pause);
    for (; !ending.signal.aborted; await sleep(pause)) await work();
  };
  const many = (count: number, work: () => Promise<void>, pause: number) =>
    Array.from({ length: count }, () => repeat(work, pause));
  const working = [...many(options.readers, read, 20), ...many(options.depositors, deposit, 50)];
  return {
    tally,
    /** From now on evaluations as well. */
    rage: () => void working.push(...many(options.clients, evaluate, (options.clients * 1_000) / options.perSecond)),
    stop: async () => {
      ending.abort();
      await Promise.all(working);
    },
    /** The last look: every acknowledged deposit is in a bucket that verifies. */
    verifyAll: async (): Promise<void> => {
      await readHead();
      for (const one of tally.acknowledged) {
        if (head === undefined) throw new Error('no epoch');
        const { depth, config } = head;
        const reply = await fetch(`${url}/v1/buckets/${depth}/${bucketNumber(one.name, depth)}`);
        const parsed = (await reply.json()) as { index: string; bundle: string };
        const { entries } = await verifyBundle(parsed, { name: one.name, depth, config, now: seconds() }, policy);
        if (!entries.some(({ digest }) => equalOctets(digest, one.digest))) throw new Error('a deposit is lost');
      }
      await agent.close();
    },
  };
}
