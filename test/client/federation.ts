// Several directories, each with a log of its own and a temper: what becomes of its replies on their way. Bob is registered in
// those that know him. Time is the machine's own, for deadlines are part of what is tested.
import { sha256 } from '@noble/hashes/sha2.js';
import { createAside } from '../../src/client/aside.ts';
import { createBridgeHealth } from '../../src/client/bridge-health.ts';
import { createMemoryCheckpoints, type Checkpoints } from '../../src/client/checkpoints.ts';
import { createClient, type Client } from '../../src/client/client.ts';
import type { ClientContext } from '../../src/client/context.ts';
import { deposit } from '../../src/client/deposit.ts';
import { createDescriptions } from '../../src/client/descriptions.ts';
import { Directory } from '../../src/client/directory.ts';
import { createEvaluator } from '../../src/client/evaluate.ts';
import { createPatience } from '../../src/client/patience.ts';
import type { Policy } from '../../src/client/policy.ts';
import { createSafeFetch, type Transport } from '../../src/evidence/safe-fetch.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { parseIdentifier } from '../../src/protocol/identifier.ts';
import type { Description } from '../../src/protocol/description.ts';
import { deriveKeyPair } from '../../src/protocol/oprf.ts';
import { signAttestation } from '../../src/protocol/token/attestation.ts';
import { generateTemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { formatB64u, utf8 } from '../../src/protocol/wire.ts';
import { importSigner } from '../protocol/log/signers.ts';
import { MemoryDirectory, problem } from '../support/memory-directory.ts';
import { ALICECHAT, BOBCHAT, createParty, EVECHAT, random, type Party } from './log-world.ts';

/** `slow` never answers a question, `down` is not reached, `rubbish` answers noise, `hides` serves the state before Bob came. */
export type Temper = 'honest' | 'slow' | 'down' | 'rubbish' | 'hides' | 'forks';

export interface Member {
  readonly domain: string;
  readonly served: MemoryDirectory;
  /** Another log under the same key. */
  readonly forked: MemoryDirectory;
  temper: Temper;
  /** Milliseconds each reply takes. */
  delay: number;
}

export interface Federation {
  readonly members: readonly Member[];
  /** Time goes on, for everybody. */
  advance(seconds: number): void;
  /** Requests by host, as they went over the wire. */
  readonly sent: { readonly host: string; readonly path: string; readonly body: string }[];
  /** What a domain says of itself besides its keys. */
  readonly described: Map<string, Partial<Description>>;
  /** What becomes of a request for a description, by domain. */
  readonly oddities: Map<string, (signal: AbortSignal) => Promise<Response>>;
  readonly transport: Transport;
  open(policy: Partial<Policy>, checkpoints?: Checkpoints): Client;
  register(member: Member, provider: string, identifier: string, optOut?: boolean): Promise<void>;
}

export const BOB = '+44 20 7946 0123';
const POLICY: Policy = {
  domain: ALICECHAT,
  directories: [],
  trust: { tel: [BOBCHAT], mailto: [BOBCHAT] },
  known: [],
  alternatives: [],
};

export async function openFederation(domains: readonly string[]): Promise<Federation> {
  let ahead = 0;
  /** Milliseconds since 1970, running. */
  const clock = () => Date.now() + ahead;
  const parties = new Map<string, Party>();
  for (const domain of [ALICECHAT, BOBCHAT, EVECHAT]) parties.set(domain, await createParty(domain));
  const members: Member[] = [];
  for (const domain of domains) {
    const signer = await importSigner(`${domain}/whereabouts`, sha256(utf8(domain)));
    // Always the same key: who shares a bucket with whom is no matter of chance.
    const oprf = deriveKeyPair(nobleGroup, sha256(utf8(domain)), new Uint8Array());
    const served = new MemoryDirectory({ domain, signer, clock, oprf });
    await served.publish();
    members.push({
      domain,
      served,
      forked: await served.fork((step) => ({ ...step, now: step.now + 1 })),
      temper: 'honest',
      delay: 0,
    });
  }
  const sent: { host: string; path: string; body: string }[] = [];
  const described = new Map<string, Partial<Description>>();
  const oddities = new Map<string, (signal: AbortSignal) => Promise<Response>>();

  const transport: Transport = async ({ url, method, body, signal }) => {
    const text = typeof body === 'string' ? body : '';
    const { hostname: host, pathname } = url;
    sent.push({ host, path: pathname, body: text });
    const member = members.find(({ domain }) => domain === host);
    const party = parties.get(host);
    const more = described.get(host) ?? {};
    if (pathname === '/.well-known/whereabouts') {
      const odd = oddities.get(host);
      if (odd !== undefined) return odd(signal);
      const own = member === undefined ? {} : (JSON.parse(member.served.description()) as object);
      const keys = party === undefined ? {} : { jwks: { keys: [party.jwk] } };
      if (member === undefined && party === undefined) return problem(404, 'path-unknown');
      return Response.json({ version: 1, domain: host, ...own, ...keys, ...more });
    }
    return member === undefined ? problem(404, 'path-unknown') : answer(member, method, url, text, signal);
  };

  const contextOf = async (domain: string): Promise<ClientContext> => {
    const fetch = createSafeFetch(transport, { sandbox: false });
    const descriptions = createDescriptions({ fetch, clock, sandbox: false });
    await descriptions.fetch(domain);
    const directory = new Directory({ fetch, clock, descriptions }, domain);
    const kept = {
      aside: createAside(createMemoryCheckpoints()),
      health: createBridgeHealth({ fetch, clock }),
      patience: createPatience(),
    };
    const parts = { policy: POLICY, sandbox: false, fetch, clock, random, group: () => nobleGroup };
    return { ...parts, ...kept, descriptions, directory: () => directory };
  };

  return {
    members,
    advance: (seconds) => {
      ahead += seconds * 1_000;
    },
    sent,
    described,
    oddities,
    transport,
    open: (policy, checkpoints) =>
      createClient({
        policy: { ...POLICY, ...policy },
        transport,
        sandbox: false,
        clock,
        random,
        group: () => nobleGroup,
        ...(checkpoints === undefined ? {} : { checkpoints }),
      }),
    register: async ({ domain }, provider, identifier, optOut = false) => {
      const context = await contextOf(domain);
      const directory = context.directory(domain);
      const id = parseIdentifier(identifier);
      const [own] = await createEvaluator(context).names(directory, [id], { until: clock() + 30_000 });
      const [name, party] = [own?.names[0], parties.get(provider)];
      if (name === undefined || party === undefined) throw new Error('no name, or no such party');
      const key = await generateTemporaryKey({ extractable: true });
      const iat = Math.floor(clock() / 1000);
      const claims = { iss: provider, aud: domain, sub: formatB64u(name.name), jkt: key.jkt, amr: ['account'] };
      const life = { iat, exp: iat + 86_400 * 30, jti: formatB64u(random(16)) };
      const attestations = [await signAttestation({ ...claims, ...life }, party.key)];
      const routes = optOut ? [] : [{ domain: provider, address: `@bob:${provider}` }];
      await deposit(context, directory, { name, key, seq: 1, attestations, routes, routing: {} });
    },
  };
}

async function answer(member: Member, method: string, url: URL, body: string, signal: AbortSignal): Promise<Response> {
  const { temper, served, forked, delay } = member;
  if (temper === 'down') throw new Error('connection refused');
  if (temper === 'slow') return hang(signal);
  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  if (temper === 'rubbish')
    return new Response('{"index":"rubbish', { headers: { 'content-type': 'application/json' } });
  if (temper === 'forks') return forked.answer(method, url, body);
  const reply = await served.answer(method, url, body);
  return temper === 'hides' ? hide(member, url, reply) : reply;
}

export const hang = (signal: AbortSignal): Promise<Response> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });

/** The records of a bucket left out, everything about the proof as it was. */
async function hide({ served }: Member, url: URL, reply: Response): Promise<Response> {
  const bucket = /^\/v1\/buckets\/\d+\/(\d+)$/.exec(url.pathname)?.[1];
  if (bucket === undefined) return reply;
  const { bundle } = served.bucketReply(Number(bucket));
  if (served.indexOf(Number(bucket)).length === 0) return reply;
  return Response.json({ index: '', bundle, pad: '' });
}
