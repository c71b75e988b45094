// Attestations at rest: who brings the `jti` may read, who has only the database may not. What is kept names nobody.
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Identifier } from '../../protocol/identifier.ts';
import { concat, equalOctets, parseB64u, parseUtf8, utf8 } from '../../protocol/wire.ts';
import type { IssuerContext } from '../context.ts';
import { findIssued, saveIssued, type IssuedRow } from '../store/issued.ts';
import { subjectOf } from '../store/subject.ts';
import type { Account } from './accounts.ts';

const NONCE_OCTETS = 12;

type AesKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** An attestation as it is given out, and what it is about. */
export interface Issued {
  readonly jti: Uint8Array;
  readonly attestation: string;
  /** Seconds. */
  readonly expiresAt: number;
  readonly directory: string;
  /** Id of the directory's OPRF key that its name is under. */
  readonly key: string;
  readonly identifier: Identifier;
}

/** Keeps an attestation for GET and DELETE (§4.1); durable when it returns. */
export async function keepAttestation(ctx: IssuerContext, account: Account, issued: Issued): Promise<void> {
  const { jti, attestation, expiresAt, directory, key, identifier } = issued;
  await saveIssued(ctx.db, {
    issuer: ctx.domain,
    jtiHash: sha256(jti),
    account: accountSubject(ctx, account),
    octets: await seal(ctx, await keyOf(jti, 'whereabouts/v1 issued'), utf8(attestation)),
    expiresAt,
    directory,
    key,
    subject: attestedSubject(ctx, account, { directory, identifier }),
    reference: await seal(ctx, await referenceKey(ctx, account), jti),
  });
}

/** Whom, what and where an attestation is about, as the database holds it: equal for one that takes another's place. */
export const attestedSubject = (
  ctx: IssuerContext,
  account: Account,
  about: { readonly directory: string; readonly identifier: Identifier },
): Uint8Array => subjectOf(ctx.pepper, 'issuer subject', ctx.domain, about.directory, about.identifier, account.id);

/** The attestation of a row, for who knows its account. */
export async function openForAccount(ctx: IssuerContext, account: Account, row: IssuedRow): Promise<string> {
  const jti = await unseal(ctx, await referenceKey(ctx, account), row.reference);
  return parseUtf8(await unseal(ctx, await keyOf(jti, 'whereabouts/v1 issued'), row.octets));
}

async function seal(ctx: IssuerContext, key: AesKey, plain: Uint8Array): Promise<Uint8Array> {
  const nonce = Uint8Array.from(ctx.random(NONCE_OCTETS));
  const sealed = await crypto.subtle.encrypt(algorithm(ctx, nonce), key, Uint8Array.from(plain));
  return concat(nonce, new Uint8Array(sealed));
}

async function unseal(ctx: IssuerContext, key: AesKey, octets: Uint8Array): Promise<Uint8Array> {
  const nonce = Uint8Array.from(octets.subarray(0, NONCE_OCTETS));
  const plain = await crypto.subtle.decrypt(algorithm(ctx, nonce), key, Uint8Array.from(octets.subarray(NONCE_OCTETS)));
  return new Uint8Array(plain);
}

/** An attestation as kept, withdrawn or not; `attestation-unknown` if there is none, or it is past its end. */
export async function openAttestation(
  ctx: IssuerContext,
  jtiText: string,
): Promise<{ readonly row: IssuedRow; readonly attestation: string }> {
  const jti = parseJti(jtiText);
  const row = await findIssued(ctx.db, ctx.domain, sha256(jti));
  if (row === undefined || row.expiresAt * 1000 <= ctx.clock()) throw new WhereaboutsError('attestation-unknown');
  const plain = await unseal(ctx, await keyOf(jti, 'whereabouts/v1 issued'), row.octets);
  return { row, attestation: parseUtf8(plain) };
}

/** Only the account an attestation was given to may know of it by its `jti` alone. */
export function verifyHolder(ctx: IssuerContext, account: Account, row: IssuedRow): void {
  if (!equalOctets(row.account, accountSubject(ctx, account))) throw new WhereaboutsError('attestation-unknown');
}

/** What the database holds in an account's place. */
export const accountSubject = (ctx: IssuerContext, account: Account): Uint8Array =>
  subjectOf(ctx.pepper, 'issuer account', ctx.domain, account.id);

function parseJti(text: string): Uint8Array<ArrayBuffer> {
  try {
    return parseB64u(text, 16);
  } catch (cause) {
    throw new WhereaboutsError('attestation-unknown', undefined, { cause });
  }
}

const algorithm = (ctx: IssuerContext, iv: Uint8Array<ArrayBuffer>) => ({
  name: 'AES-GCM',
  iv,
  additionalData: utf8(ctx.domain),
});

// 16 random octets as input: the key cannot be guessed from the hash that finds the row.
async function keyOf(secret: Uint8Array, info: string): Promise<AesKey> {
  const octets = Uint8Array.from(hkdf(sha256, secret, undefined, utf8(info), 32));
  return crypto.subtle.importKey('raw', octets, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

// From the pepper, which is not in the database, and the account, which is there as a keyed hash only.
const referenceKey = (ctx: IssuerContext, account: Account): Promise<AesKey> =>
  keyOf(subjectOf(ctx.pepper, 'issuer reference', ctx.domain, account.id), 'whereabouts/v1 reference');
