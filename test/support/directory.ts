// A directory for one suite: the real app on a real database, a clock one sets, issuers and gatekeepers with real keys whose
// descriptions are served from memory. What crosses HTTP here is what crosses it outside.
import { randomBytes } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { createDescriptions } from '../../src/client/descriptions.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { createVkey, KEY_TYPES } from '../../src/protocol/log/vkey.ts';
import { generateKeyPair, keyId } from '../../src/protocol/oprf.ts';
import type { NoteSigner } from '../../src/protocol/log/note.ts';
import { evidenceOf } from '../../src/protocol/sealed.ts';
import { signAttestation } from '../../src/protocol/token/attestation.ts';
import { signClientToken, signPass } from '../../src/protocol/token/client-token.ts';
import { signDeposit } from '../../src/protocol/token/deposit.ts';
import { generateTemporaryKey, type TemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { signWithdrawal } from '../../src/protocol/token/withdrawal.ts';
import { concat, formatB64u, formatHex } from '../../src/protocol/wire.ts';
import type { DirectoryContext, Log, Quotas } from '../../src/server/context.ts';
import { DepositGroup } from '../../src/server/directory/deposit-group.ts';
import { inlineEvaluation } from '../../src/server/directory/inline-evaluation.ts';
import { advance } from '../../src/server/directory/sequencer/advance.ts';
import { Flight } from '../../src/server/directory/sequencer/flight.ts';
import { createWitnesses } from '../../src/server/directory/sequencer/witnesses.ts';
import { UNCOUNTED } from '../../src/server/metrics.ts';
import { directoryApp } from '../../src/server/routes/directory.ts';
import { serveUnsigned } from '../../src/server/own-description.ts';
import { createDescriptionStore } from '../../src/server/store/descriptions.ts';
import type { Database } from '../../src/server/store/database.ts';
import { createParty, createWorld, type Party, type World } from './parties.ts';

export { createParty, type Party } from './parties.ts';

export const DOMAIN = 'directory.example';
export const HOST = 'api.directory.example';
export const START = 1_790_000_000;

const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));

/** §10 as production starts with it. */
export const PRODUCTION: Quotas = {
  endUser: { capacity: 1_000, refill: 60, seconds: 86_400 },
  gatekeeper: { capacity: 100_000, refill: 100_000, seconds: 86_400 },
  unlisted: { capacity: 1_000, refill: 1_000, seconds: 86_400 },
  anonymous: { capacity: 0, refill: 0, seconds: 60 },
  changesPerNameAndIssuer: { capacity: 5, refill: 5, seconds: 86_400 },
  writesPerIssuer: { capacity: 60, refill: 60, seconds: 60 },
  writesPerListedIssuer: { capacity: 6_000, refill: 6_000, seconds: 60 },
  unlistedRecords: 1_000,
};

/** No quota in the way of what is tested. */
export const ROOMY: Quotas = {
  ...PRODUCTION,
  changesPerNameAndIssuer: { capacity: 1e9, refill: 1e9, seconds: 1 },
  writesPerIssuer: { capacity: 1e9, refill: 1e9, seconds: 1 },
};

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: object;
}

export interface TestDirectory {
  readonly ctx: DirectoryContext;
  readonly world: World;
  readonly log: LogLine[];
  /** Milliseconds; set to move time. */
  readonly time: { now: number };
  readonly keyId: string;
  request(path: string, init?: RequestInit, client?: string): Promise<Response>;
  /** The same for a request that is there already. */
  fetch(request: Request): Response | Promise<Response>;
  /** One step of the log, as a timer takes it every second. */
  step(): Promise<void>;
  /** Waits for work no reply waited for. */
  settle(): Promise<void>;
}

export interface DirectoryOptions {
  readonly quotas?: Quotas;
  readonly listed?: readonly string[];
  readonly issuers?: 'open' | 'listed';
  readonly oprfKeys?: DirectoryContext['oprfKeys'];
  readonly abandoned?: string;
  readonly witnesses?: DirectoryContext['witnesses'];
  readonly sequencing?: Partial<DirectoryContext['sequencing']>;
  /** Of the log: one for all unless given. */
  readonly logSigner?: NoteSigner;
  /** In this thread, and for any number, unless given. */
  readonly evaluating?: DirectoryContext['evaluating'];
  /** Nothing is remembered for readers unless given. */
  readonly reading?: DirectoryContext['reading'];
  /** Nobody counts unless given. */
  readonly metrics?: DirectoryContext['metrics'];
  /** For instances that share a clock. */
  readonly time?: { now: number };
}

/** The log key of every test directory, so that any of them goes on where another left. */
export const LOG_SIGNER: NoteSigner = await createLogSigner();

/** The directory as the domain it is. */
export const SELF: Party = await createParty(DOMAIN);

export async function createLogSigner(domain: string = DOMAIN): Promise<NoteSigner> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('publicKey' in pair)) throw new Error('not a key pair');
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { key: createVkey(`${domain}/whereabouts`, KEY_TYPES.ed25519, publicKey), privateKey: pair.privateKey };
}

/** Nobody waits for an epoch, however often one comes. */
const AT_ONCE: DirectoryContext['sequencing'] = {
  interval: 0,
  heartbeat: 600_000,
  patience: 20_000,
  depth: { target: 64, least: 4 },
};

const makeKey = () => {
  const pair = generateKeyPair(nobleGroup, random);
  return { ...pair, id: keyId(pair.publicKey) };
};

export function createTestDirectory(database: Pick<Database, 'db'>, options: DirectoryOptions = {}): TestDirectory {
  const { quotas = ROOMY, listed = [], issuers = 'open', oprfKeys = [makeKey()] } = options;
  const world = createWorld();
  const time = options.time ?? { now: START * 1000 };
  const lines: LogLine[] = [];
  const write =
    (level: string) =>
    (event: string, fields: object = {}): void =>
      void lines.push({ level, event, fields });
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const clock = () => time.now;
  const pending: Promise<void>[] = [];
  const ctx: DirectoryContext = {
    role: 'directory',
    domain: DOMAIN,
    url: `https://${HOST}`,
    clock,
    random,
    log,
    metrics: options.metrics ?? UNCOUNTED,
    later: (work) => void pending.push(work),
    db: database.db,
    evaluating: options.evaluating ?? inlineEvaluation({ group: () => nobleGroup, random }),
    ...(options.reading !== undefined && { reading: options.reading }),
    deposits: new DepositGroup(),
    oprfKeys,
    signingKey: SELF.key,
    abandoned: options.abandoned,
    logSigner: options.logSigner ?? LOG_SIGNER,
    witnesses: options.witnesses ?? createWitnesses([], clock),
    sequencing: { ...AT_ONCE, ...options.sequencing },
    flight: new Flight(random),
    pepper: random(32),
    issuers,
    listed: new Set(listed),
    quotas,
    descriptions: createDescriptions({
      fetch: world.fetch,
      clock,
      sandbox: false,
      store: createDescriptionStore(database.db),
    }),
    fetch: world.fetch,
    description: serveUnsigned(
      JSON.stringify({
        version: 1,
        domain: DOMAIN,
        name: 'Test',
        jwks: { keys: [SELF.jwk] },
        directory: { api: `https://${HOST}` },
      }),
    ),
  };
  const app = directoryApp(ctx);
  return {
    ctx,
    world,
    log: lines,
    time,
    keyId: oprfKeys[0]?.id ?? '',
    request: async (path, init, client = '192.0.2.1') => app.request(path, init, { client }),
    fetch: (request) => app.fetch(request, { client: '192.0.2.1' }),
    step: async () => {
      await advance(ctx, { patient: false });
    },
    settle: async () => {
      await Promise.all(pending.splice(0));
    },
  };
}

/** One person's key for one name, and what it signs. */
export interface Depositor {
  readonly name: Uint8Array;
  readonly key: TemporaryKey;
}

export async function createDepositor(name: Uint8Array = random(32)): Promise<Depositor> {
  return { name, key: await generateTemporaryKey() };
}

export interface DepositChanges {
  readonly seq?: number;
  readonly iat?: number;
  readonly exp?: number;
  /** Of the attestations. */
  readonly issuedAt?: number;
  readonly endsAt?: number;
  readonly attestations?: readonly string[];
  readonly sealed?: Uint8Array;
}

export interface Made {
  readonly path: string;
  readonly body: { readonly sealed: string; readonly deposit: string; readonly attestations: readonly string[] };
  readonly digest: string;
  readonly octets: Uint8Array;
}

const DAY = 86_400;

export const attest = (
  party: Party,
  { name, key }: Depositor,
  changes: { issuedAt?: number; endsAt?: number; jti?: string; aud?: string; jkt?: string; sub?: string } = {},
): Promise<string> =>
  signAttestation(
    {
      iss: party.domain,
      aud: changes.aud ?? DOMAIN,
      sub: changes.sub ?? formatB64u(name),
      jkt: changes.jkt ?? key.jkt,
      iat: changes.issuedAt ?? START,
      exp: changes.endsAt ?? START + 100 * DAY,
      amr: ['account'],
      jti: changes.jti ?? formatB64u(random(16)),
    },
    party.key,
  );

/** Octets no directory can tell from a sealed record: the evidence is right, the rest is for who can open it. */
export const sealedFor = (attestations: readonly string[], length = 1_084): Uint8Array =>
  concat(evidenceOf(attestations), random(length - 32));

/** A deposit by `depositor` with an attestation from each of `issuers`. */
export async function makeDeposit(
  depositor: Depositor,
  issuers: readonly Party[],
  changes: DepositChanges = {},
): Promise<Made> {
  const attestations =
    changes.attestations ??
    (await Promise.all(
      issuers.map((party) =>
        attest(party, depositor, {
          ...(changes.issuedAt === undefined ? {} : { issuedAt: changes.issuedAt }),
          ...(changes.endsAt === undefined ? {} : { endsAt: changes.endsAt }),
        }),
      ),
    ));
  const octets = changes.sealed ?? sealedFor(attestations);
  const sub = formatB64u(depositor.name);
  const deposit = await signDeposit(
    {
      aud: DOMAIN,
      sub,
      seq: changes.seq ?? 1,
      iat: changes.iat ?? START,
      exp: changes.exp ?? START + 50 * DAY,
      sealed: formatB64u(sha256(octets)),
    },
    depositor.key,
  );
  return {
    path: `/v1/records/${sub}`,
    body: { sealed: formatB64u(octets), deposit, attestations },
    digest: formatHex(sha256(octets)),
    octets,
  };
}

export const json = (method: string, body: unknown, authorization?: string) => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
});

export const put = (directory: TestDirectory, { path, body }: Pick<Made, 'path' | 'body'>): Promise<Response> =>
  directory.request(path, json('PUT', body));

export async function withdrawAsHolder(
  directory: TestDirectory,
  { name, key }: Depositor,
  seq: number,
  iat = START,
): Promise<Response> {
  const sub = formatB64u(name);
  const withdrawal = await signWithdrawal({ by: 'holder', aud: DOMAIN, sub, seq, iat, exp: iat + 300 }, key);
  return directory.request(`/v1/records/${sub}/withdrawal`, json('POST', { withdrawal }));
}

export async function withdrawAsIssuer(
  directory: TestDirectory,
  party: Party,
  name: Uint8Array,
  jti: string,
  iat = START,
): Promise<Response> {
  const sub = formatB64u(name);
  const claims = { iss: party.domain, aud: DOMAIN, sub, jti, iat, exp: iat + 300 };
  const withdrawal = await signWithdrawal(claims, party.key);
  return directory.request(`/v1/records/${sub}/withdrawal`, json('POST', { withdrawal }));
}

/** A client token; each has its own `jti` unless given. */
export const clientToken = (
  party: Party,
  changes: { sub?: string; jti?: string; aud?: string; iat?: number; exp?: number } = {},
): Promise<string> => {
  const iat = changes.iat ?? START;
  const claims = { iss: party.domain, aud: HOST, jti: formatB64u(random(16)), iat, exp: iat + 60 };
  return signClientToken({ ...claims, ...changes }, party.key);
};

export const passFor = (party: Party, jkt: string, changes: { jti?: string } = {}): Promise<string> =>
  signPass(
    { iss: party.domain, aud: HOST, sub: jkt, jti: formatB64u(random(16)), iat: START, exp: START + 300, ...changes },
    party.key,
  );

/** Status and code of a reply; a reply that went well has no code. */
export async function outcome(response: Response | Promise<Response>): Promise<{ status: number; code?: string }> {
  const given = await response;
  if (given.status < 400) return { status: given.status };
  const { code } = (await given.json()) as { code: string };
  return { status: given.status, code };
}
