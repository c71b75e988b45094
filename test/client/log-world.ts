// Alice, Bob, Eve and one directory in memory whose log is real: what clients of an answer that can be checked are tested in.
import { sha256 } from '@noble/hashes/sha2.js';
import { exportJWK, type JWK } from 'jose';
import { createAside } from '../../src/client/aside.ts';
import { createMemoryCheckpoints, type Checkpoints } from '../../src/client/checkpoints.ts';
import { createBridgeHealth } from '../../src/client/bridge-health.ts';
import { createClient, type Client } from '../../src/client/client.ts';
import type { ClientContext } from '../../src/client/context.ts';
import { deposit } from '../../src/client/deposit.ts';
import { createDescriptions } from '../../src/client/descriptions.ts';
import { Directory } from '../../src/client/directory.ts';
import { createEvaluator } from '../../src/client/evaluate.ts';
import type { LogPin } from '../../src/client/log-pin.ts';
import { createPatience } from '../../src/client/patience.ts';
import type { Policy } from '../../src/client/policy.ts';
import type { Registration } from '../../src/client/registration.ts';
import { createSafeFetch, type Transport } from '../../src/evidence/safe-fetch.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { parseIdentifier } from '../../src/protocol/identifier.ts';
import { KEY_TYPES } from '../../src/protocol/log/vkey.ts';
import type { BlindedName } from '../../src/protocol/name.ts';
import { signAttestation } from '../../src/protocol/token/attestation.ts';
import type { SigningKey } from '../../src/protocol/token/jws.ts';
import { generateTemporaryKey, type TemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { formatB64u, utf8 } from '../../src/protocol/wire.ts';
import { importSigner } from '../protocol/log/signers.ts';
import { MemoryDirectory, problem } from '../support/memory-directory.ts';

export const DIRECTORY = 'directory.example';
export const ALICECHAT = 'alice.example';
export const BOBCHAT = 'bob.example';
export const EVECHAT = 'eve.example';
export const BOB = '+44 20 7946 0123';
export const NOBODY = '+44 20 7946 0999';

export const LOG_POLICY: Policy = {
  domain: ALICECHAT,
  directories: [DIRECTORY],
  trust: { tel: [BOBCHAT, EVECHAT], mailto: [] },
  known: [],
  alternatives: [],
};

/** A domain with a key. */
export interface Party {
  readonly domain: string;
  readonly key: SigningKey;
  readonly jwk: JWK;
}

export async function createParty(domain: string): Promise<Party> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('publicKey' in pair)) throw new Error('not a key pair');
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' };
  return { domain, key: { alg: 'EdDSA', kid: 'k1', privateKey: pair.privateKey }, jwk };
}

/** Replaces a reply on its way to one requester. */
export type Spoil = (url: URL, reply: Response) => Promise<Response> | Response;

export interface Asker {
  readonly client: Client;
  readonly context: ClientContext;
  readonly checkpoints: Checkpoints;
  /** Who answers this requester: another directory than the others see, where it lies. */
  served: MemoryDirectory;
  spoil: Spoil | undefined;
}

export const random = (octets: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(octets));

export async function openLogWorld() {
  let now = 1_790_000_000_000;
  const clock = () => now;
  const signer = await importSigner(`${DIRECTORY}/whereabouts`, sha256(utf8('log')));
  const witnesses = await Promise.all(
    ['w1', 'w2'].map((name) => importSigner(`${name}.example`, sha256(utf8(name)), KEY_TYPES.cosignature)),
  );
  const parties = new Map<string, Party>();
  for (const domain of [ALICECHAT, BOBCHAT, EVECHAT]) parties.set(domain, await createParty(domain));
  const honest = new MemoryDirectory({ domain: DIRECTORY, signer, witnesses, clock });
  await honest.publish();

  const open = async (pin?: LogPin): Promise<Asker> => {
    const state: Pick<Asker, 'served' | 'spoil'> = { served: honest, spoil: undefined };
    const transport: Transport = async ({ url, method, body }) => {
      const text = typeof body === 'string' ? body : '';
      const party = parties.get(url.hostname);
      if (party !== undefined) return Response.json({ version: 1, domain: party.domain, jwks: { keys: [party.jwk] } });
      if (url.hostname !== DIRECTORY) return problem(404, 'path-unknown');
      const reply = await state.served.answer(method, url, text);
      return state.spoil === undefined ? reply : state.spoil(url, reply);
    };
    const checkpoints = createMemoryCheckpoints();
    const fetch = createSafeFetch(transport, { sandbox: false });
    const descriptions = createDescriptions({ fetch, clock, sandbox: false });
    await descriptions.fetch(DIRECTORY);
    const policy = pin === undefined ? LOG_POLICY : { ...LOG_POLICY, logs: { [DIRECTORY]: pin } };
    const directory = new Directory({ fetch, clock, descriptions, checkpoints, pin }, DIRECTORY);
    const parts = { policy, sandbox: false, fetch, clock, random, group: () => nobleGroup };
    const known = { aside: createAside(checkpoints), patience: createPatience() };
    const health = createBridgeHealth({ fetch, clock });
    const context: ClientContext = { ...parts, ...known, descriptions, health, directory: () => directory };
    const client = createClient({ ...parts, transport, checkpoints });
    return Object.assign(state, { client, context, checkpoints });
  };

  /** A record of `provider`'s account, deposited by a key that is kept; `under`: which of the evaluation keys, by their ids. */
  const register = async (
    asker: Asker,
    provider: string,
    options: { identifier?: string; key?: TemporaryKey; seq?: number; address?: string; under?: number } = {},
  ): Promise<Registration & { kept: NonNullable<Registration['kept']> }> => {
    const directory = asker.context.directory(DIRECTORY);
    const id = parseIdentifier(options.identifier ?? BOB);
    const evaluated = await createEvaluator(asker.context).names(directory, [id], { until: now + 5_000 });
    const name = evaluated[options.under ?? 0]?.names[0];
    if (name === undefined) throw new Error('no name');
    const key = options.key ?? (await generateTemporaryKey({ extractable: true }));
    const attestations = [await attest(provider, name, key)];
    const routes = [{ domain: provider, ...(options.address === undefined ? {} : { address: options.address }) }];
    const record = { name, key, seq: options.seq ?? 1, attestations, routes, routing: {} };
    const registration = await deposit(asker.context, directory, record);
    return { ...registration, kept: { key, seal: formatB64u(name.seal), attestations } };
  };

  const attest = async (domain: string, { name }: BlindedName, { jkt }: TemporaryKey): Promise<string> => {
    const party = parties.get(domain);
    if (party === undefined) throw new Error('no such party');
    const iat = Math.floor(now / 1000);
    const life = { iat, exp: iat + 86_400 * 30 };
    const claims = { iss: domain, aud: DIRECTORY, sub: formatB64u(name), jkt, amr: ['account'], ...life };
    return signAttestation({ ...claims, jti: formatB64u(random(16)) }, party.key);
  };

  return {
    honest,
    signer,
    witnesses,
    clock,
    open,
    register,
    advance: (seconds: number) => {
      now += seconds * 1000;
    },
  };
}

export type LogWorld = Awaited<ReturnType<typeof openLogWorld>>;

export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof WhereaboutsError ? error.code : String(error)),
  );
