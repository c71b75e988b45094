// A deployment's keys: the OPRF key, the signing key and the log key, as stored and as used. Never printed, logged or put into
// the database. Where they are stored is for a platform to know.
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Group } from '../protocol/group.ts';
import { parseJson } from '../protocol/json.ts';
import { generateKeyPair, keyId, type OprfKeyPair, type Random } from '../protocol/oprf.ts';
import { thumbprint } from '../protocol/token/temporary-key.ts';
import type { SigningKey } from '../protocol/token/jws.ts';
import { formatB64u, parseB64u, utf8 } from '../protocol/wire.ts';
import type { Secrets } from './config.ts';

const octets32 = z.string().length(43);
const storedJwk = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: octets32,
  d: octets32,
});
export const storedKeys = z.strictObject({
  /** Ascending in age; all but the last are being retired and have an end. */
  oprf: z
    .array(z.strictObject({ secret: octets32, until: z.int().optional() }))
    .min(1)
    .max(2),
  signing: storedJwk,
  log: storedJwk,
  /** Of the roles witness and auditor; files made before these were there have none. */
  witness: storedJwk.optional(),
  auditor: storedJwk.optional(),
  /** Secret for keyed hashes; its own, so that changing the signing key leaves quotas and owners of attestations as they are. */
  pepper: octets32.optional(),
});
export const storedFile = storedKeys.extend({ version: z.literal(1) });

export type StoredKeys = z.infer<typeof storedKeys>;
type StoredJwk = z.infer<typeof storedJwk>;

export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

/** An OPRF key as used: `id` is its key id (§3), `until` its end in seconds where it is being retired. */
export interface OprfKey extends OprfKeyPair {
  readonly id: string;
  readonly until?: number;
}

export interface Keys {
  /** The list a running directory evaluates with: its owner changes it in place where the stored keys change (key-rotation.ts). */
  readonly oprf: OprfKey[];
  readonly signing: SigningKey;
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  /** Public key of the log, and what signs with it. */
  readonly log: Uint8Array;
  readonly logKey: SigningKey['privateKey'];
  readonly witness: CosigningKey | undefined;
  readonly auditor: CosigningKey | undefined;
  /** Secret for keyed hashes of quota subjects. */
  readonly pepper: Uint8Array;
}

/** What a witness or an auditor signs with. */
export interface CosigningKey {
  readonly publicKey: Uint8Array;
  readonly privateKey: SigningKey['privateKey'];
}

/** Makes new keys; their secrets leave this function only towards a file. */
export async function generateKeys(group: Group, random: Random): Promise<StoredKeys> {
  const { secret } = generateKeyPair(group, random);
  return {
    oprf: [{ secret: formatB64u(secret) }],
    signing: await generateJwk(),
    log: await generateJwk(),
    witness: await generateJwk(),
    auditor: await generateJwk(),
    pepper: formatB64u(random(32)),
  };
}

async function generateJwk(): Promise<StoredJwk> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new WhereaboutsError('internal-error');
  const { kty, crv, x, d } = await crypto.subtle.exportKey('jwk', pair.privateKey);
  return storedJwk.parse({ kty, crv, x, d });
}

/** Keys out of the environment's secrets, where there is no file. */
export function openSecrets(group: Group, secrets: Secrets): Promise<Keys> {
  const signing = parseStored(storedJwk, secrets.signingKey ?? '', 'WHEREABOUTS_SIGNING_KEY');
  const log = secrets.logKey === undefined ? signing : parseStored(storedJwk, secrets.logKey, 'WHEREABOUTS_LOG_KEY');
  const { witnessKey, auditorKey } = secrets;
  return openKeys(group, {
    ...(witnessKey === undefined ? {} : { witness: parseStored(storedJwk, witnessKey, 'WHEREABOUTS_WITNESS_KEY') }),
    ...(auditorKey === undefined ? {} : { auditor: parseStored(storedJwk, auditorKey, 'WHEREABOUTS_AUDITOR_KEY') }),
    oprf: storedOprf(secrets),
    signing,
    log,
  });
}

function storedOprf({ oprfKey, oldOprfKey, oldOprfKeyUntil }: Secrets): StoredKeys['oprf'] {
  const old =
    oldOprfKey === undefined || oldOprfKeyUntil === undefined ? [] : [{ secret: oldOprfKey, until: oldOprfKeyUntil }];
  return [...old, ...(oprfKey === undefined ? [] : [{ secret: oprfKey }])];
}

/** Parses secret text; an error says where it stood, never what. */
export function parseStored<T>(schema: z.ZodType<T>, text: string, where: string): T {
  try {
    return schema.parse(parseJson(text));
  } catch {
    // The cause would quote the text: it is dropped on purpose.
    throw new WhereaboutsError('config-invalid', `${where} is damaged, or not of a form this version knows`);
  }
}

/** Imports stored keys and works out what belongs to them. */
export async function openKeys(group: Group, stored: StoredKeys): Promise<Keys> {
  const oprf = openOprf(group, stored);
  const [{ signing, jwk }, log] = await Promise.all([openJwk(stored.signing), openJwk(stored.log)]);
  // Keys from the environment bring none: then it follows from the signing key.
  const pepper =
    stored.pepper === undefined
      ? hkdf(sha256, parseB64u(stored.signing.d, 32), new Uint8Array(), utf8('whereabouts/v1 pepper'), 32)
      : parseB64u(stored.pepper, 32);
  return {
    oprf,
    signing,
    jwks: { keys: [jwk] },
    log: parseB64u(log.jwk.x, 32),
    logKey: log.signing.privateKey,
    witness: await openCosigning(stored.witness),
    auditor: await openCosigning(stored.auditor),
    pepper,
  };
}

/** The stored OPRF keys, ascending by key id, as the config text lists them (§6.3). */
export function openOprf(group: Group, { oprf }: Pick<StoredKeys, 'oprf'>): OprfKey[] {
  const keys = oprf.map(({ secret, until }) => {
    const scalar = parseScalar(group, secret);
    const publicKey = group.mulBase(scalar);
    return { secret: scalar, publicKey, id: keyId(publicKey), ...(until === undefined ? {} : { until }) };
  });
  return keys.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function parseScalar(group: Group, text: string): Uint8Array {
  const damaged = () => new WhereaboutsError('config-invalid', 'the OPRF key is not a scalar of the group');
  let scalar: Uint8Array;
  try {
    scalar = parseB64u(text, 32);
  } catch {
    throw damaged();
  }
  if (!group.scalar.isValid(scalar)) throw damaged();
  return scalar;
}

async function openCosigning(stored: StoredJwk | undefined): Promise<CosigningKey | undefined> {
  if (stored === undefined) return undefined;
  const { jwk, signing } = await openJwk(stored);
  return { publicKey: parseB64u(jwk.x, 32), privateKey: signing.privateKey };
}

async function openJwk(stored: StoredJwk): Promise<{ signing: SigningKey; jwk: PublicJwk }> {
  const { kty, crv, x } = stored;
  const kid = thumbprint({ kty, crv, x });
  let privateKey: SigningKey['privateKey'];
  try {
    privateKey = await crypto.subtle.importKey('jwk', stored, 'Ed25519', false, ['sign']);
  } catch {
    throw new WhereaboutsError('config-invalid', 'a stored key is not an Ed25519 key');
  }
  return { signing: { alg: 'EdDSA', privateKey, kid }, jwk: { kty, crv, x, kid, alg: 'EdDSA', use: 'sig' } };
}
