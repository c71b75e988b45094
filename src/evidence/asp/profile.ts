// Ariadne signature profiles: a JWS by a key that is its own name, with claims of accounts. Whoever has the key says so; where
// the profile was found is in nobody's signature.
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { formatBase32 } from '../did/multibase.ts';
import { parseB64u } from '../../protocol/wire.ts';
import type { Foreign, Offered } from '../offer.ts';
import { refused, refusedAs } from '../refusal.ts';
import { isClaim, readClaims } from './claims.ts';

export interface AspImport {
  readonly system: 'asp';
  /** 26 capitals and digits: the key, and all there is of identity. */
  readonly fingerprint: string;
  readonly name: string;
  readonly description?: string;
  readonly accounts: readonly Offered[];
  readonly foreign: readonly Foreign[];
  /** Unix seconds; undefined where it never ends. */
  readonly expires?: number;
}

// Members of a private key are refused, as is a header with anything unknown in it, `crit` among that.
const hints = {
  use: z.literal('sig').optional(),
  alg: z.string().optional(),
  kid: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
  ext: z.boolean().optional(),
};
const okp = z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), ...hints });
const ec = z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), ...hints });
const header = z.strictObject({ typ: z.literal('JWT'), alg: z.string(), kid: z.string(), jwk: z.unknown() });
const profile = z.object({
  'http://ariadne.id/version': z.literal(0),
  'http://ariadne.id/type': z.literal('profile'),
  'http://ariadne.id/name': z.string().max(256),
  'http://ariadne.id/claims': z.array(z.string()).max(256),
  'http://ariadne.id/description': z.string().max(2_048).optional(),
  exp: z.number().optional(),
});

const KEYS = { EdDSA: okp, Ed25519: okp, ES256: ec } as const;
const isAlg = (alg: string): alg is keyof typeof KEYS => Object.hasOwn(KEYS, alg);

/** Base32 of the first 16 octets of SHA-512 over the key's RFC 7638 form. */
async function fingerprintOf(jwk: z.infer<typeof okp> | z.infer<typeof ec>): Promise<string> {
  const { kty, crv, x } = jwk;
  const form = jwk.kty === 'EC' ? { kty, crv, x, y: jwk.y } : { kty, crv, x };
  return formatBase32(parseB64u(await calculateJwkThumbprint(form, 'sha512'), 64).subarray(0, 16)).toUpperCase();
}

/** Verifies a profile at `now` (Unix seconds); throws `import-invalid` with a reason. `fingerprint`: whose it must be. */
export async function importAsp(
  token: string,
  { now, fingerprint: wanted }: { readonly now: number; readonly fingerprint?: string },
): Promise<AspImport> {
  if (token.length > LIMITS.importSignatureOctets) throw refused('size');
  const [head = '', body = '', signature = '', ...more] = token.split('.');
  if (more.length > 0) throw refused('syntax');
  const parts = refusedAs('syntax', () => {
    parseB64u(signature);
    return {
      header: header.safeParse(parseJson(parseB64u(head))),
      payload: profile.safeParse(parseJson(parseB64u(body))),
    };
  });
  if (!parts.header.success) throw refused('syntax', parts.header.error);
  const { alg, kid, jwk } = parts.header.data;
  if (!isAlg(alg)) throw refused('algorithm');
  const key = KEYS[alg].safeParse(jwk);
  // A key of another kind than the algorithm's: the header may not choose how it is read.
  if (!key.success) throw refused('algorithm', key.error);
  const { kty, crv, x } = key.data;
  const plain = key.data.kty === 'EC' ? { kty, crv, x, y: key.data.y } : { kty, crv, x };
  const fingerprint = await fingerprintOf(key.data);
  if (kid.toUpperCase() !== fingerprint) throw refused('fingerprint');
  if (wanted !== undefined && wanted.toUpperCase() !== fingerprint) throw refused('owner-other');
  await compactVerify(token, await importJWK(plain, alg), { algorithms: [alg] }).catch((cause: unknown) => {
    throw refused('signature', cause);
  });
  if (!parts.payload.success) throw refused('syntax', parts.payload.error);
  const { exp, 'http://ariadne.id/name': name, 'http://ariadne.id/claims': claims, ...rest } = parts.payload.data;
  if (exp !== undefined && exp <= now) throw refused('expired');
  if (!claims.every(isClaim)) throw refused('claim');
  const description = rest['http://ariadne.id/description'];
  return {
    system: 'asp',
    fingerprint,
    name,
    ...(description === undefined ? {} : { description }),
    ...readClaims(claims),
    ...(exp === undefined ? {} : { expires: exp }),
  };
}
