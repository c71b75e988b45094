// Attestations at rest: who brings the `jti` may read, who has only the database may not. What is kept names nobody.
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { concat, equalOctets, parseB64u, parseUtf8, utf8 } from '../../protocol/wire.ts';
import type { IssuerContext } from '../context.ts';
import { findIssued, saveIssued, type IssuedRow } from '../store/issued.ts';
import { subjectOf } from '../store/subject.ts';
import type { Account } from './accounts.ts';

const NONCE_OCTETS = 12;

/** Keeps an attestation for GET and DELETE (§4.1); durable when it returns. */
export async function keepAttestation(
  ctx: IssuerContext,
  account: Account,
  issued: { readonly jti: Uint8Array; readonly attestation: string; readonly expiresAt: number },
): Promise<void> {
  const { jti, attestation, expiresAt } = issued;
  const nonce = Uint8Array.from(ctx.random(NONCE_OCTETS));
  const sealed = await crypto.subtle.encrypt(algorithm(ctx, nonce), await keyOf(jti), utf8(attestation));
  await saveIssued(ctx.db, {
    issuer: ctx.domain,
    jtiHash: sha256(jti),
    account: accountSubject(ctx, account),
    octets: concat(nonce, new Uint8Array(sealed)),
    expiresAt,
  });
}

/** An attestation as kept, withdrawn or not; `attestation-unknown` if there is none, or it is past its end. */
export async function openAttestation(
  ctx: IssuerContext,
  jtiText: string,
): Promise<{ readonly row: IssuedRow; readonly attestation: string }> {
  const jti = parseJti(jtiText);
  const row = await findIssued(ctx.db, ctx.domain, sha256(jti));
  if (row === undefined || row.expiresAt * 1000 <= ctx.clock()) throw new WhereaboutsError('attestation-unknown');
  const nonce = Uint8Array.from(row.octets.subarray(0, NONCE_OCTETS));
  const sealed = Uint8Array.from(row.octets.subarray(NONCE_OCTETS));
  const plain = await crypto.subtle.decrypt(algorithm(ctx, nonce), await keyOf(jti), sealed);
  return { row, attestation: parseUtf8(new Uint8Array(plain)) };
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
async function keyOf(jti: Uint8Array) {
  const octets = Uint8Array.from(hkdf(sha256, jti, undefined, utf8('whereabouts/v1 issued'), 32));
  return crypto.subtle.importKey('raw', octets, 'AES-GCM', false, ['encrypt', 'decrypt']);
}
