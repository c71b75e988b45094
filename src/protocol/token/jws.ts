// Signed tokens (§4): compact JWS, parsed more strictly than RFC 7515 asks, then verified and signed with jose. What the
// claims of each kind mean stands in the other files of this folder. Finds no keys: the caller brings them.
import { CompactSign, compactVerify, type CryptoKey, type JWK } from 'jose';
import { z } from 'zod';
import { failAs, failAsSync, WhereaboutsError } from '../errors.ts';
import { parseJsonObject, type Json } from '../json.ts';
import { LIMITS } from '../limits.ts';
import { formatB64u, parseB64u, utf8 } from '../wire.ts';
import { parseTemporaryJwk, thumbprint, verifyPoint, type TemporaryJwk, type TemporaryKey } from './temporary-key.ts';

/** Public keys of a domain, as its description lists them. */
export interface Jwks {
  readonly keys: readonly JWK[];
}

/** Finds a domain's keys; undefined where none are at hand. */
export type FindKeys = (iss: string) => Jwks | undefined | Promise<Jwks | undefined>;

/** A domain's key: `kid` is the one its description lists it under. */
export interface SigningKey {
  readonly alg: 'EdDSA' | 'Ed25519' | 'ES256';
  readonly privateKey: CryptoKey;
  readonly kid?: string;
}

type Alg = SigningKey['alg'];

export type Typ =
  'attestation' | 'client' | 'deposit' | 'link' | 'pass' | 'plan' | 'possession' | 'reverse' | 'route' | 'withdrawal';

/** What a domain signs without sending it along (RFC 7515 appendix F). */
export type DetachedTyp = 'description';

interface Parsed {
  readonly typ: Typ | DetachedTyp;
  readonly token: string;
  readonly payload: { [member: string]: Json };
  readonly alg: Alg;
}

/** A token by a temporary key, its signature not yet checked. */
export interface HolderJws extends Parsed {
  readonly by: 'holder';
  readonly jwk: TemporaryJwk;
  /** Thumbprint of `jwk`. */
  readonly jkt: string;
}

/** A token by a domain, its signature not yet checked. */
export interface DomainJws extends Parsed {
  readonly by: 'domain';
  readonly kid: string;
}

/** Which key types a signature algorithm goes with (RFC 8037, RFC 9864, RFC 7518): the first member names the curve. */
const CURVES: Readonly<Record<Alg, { readonly kty: string; readonly crv: string }>> = {
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
  ES256: { kty: 'EC', crv: 'P-256' },
};

// Strict: an unknown member, `crit` among them, makes the token refused.
const holderHeader = z.strictObject({ alg: z.enum(['EdDSA', 'Ed25519']), typ: z.string(), jwk: z.unknown() });
const domainHeader = z.strictObject({
  alg: z.enum(['EdDSA', 'Ed25519', 'ES256']),
  typ: z.string(),
  kid: z.string().min(1),
});

const invalid = (message: string) => new WhereaboutsError('token-invalid', message);

/** Of a token in octets: a plan (§11) grows with its conversation. */
const longest = (...typs: readonly string[]): number =>
  typs.includes('plan') ? LIMITS.planOctets : LIMITS.tokenOctets;

/** Parses a token of one of the kinds `typs` by whoever signs such tokens; checks everything but signature and claims. */
export function parseJws(token: string, ...typs: readonly Typ[]): HolderJws | DomainJws {
  if (token.length > longest(...typs)) throw invalid('too long for a token');
  const segments = token.split('.');
  const [head = '', body = '', signature = ''] = segments;
  if (segments.length !== 3 || signature === '') throw invalid('not a compact JWS');
  const { header, payload } = failAsSync('token-invalid', 'not a JWS of this protocol', () => {
    parseB64u(signature);
    return { header: parseJsonObject(parseB64u(head)), payload: parseJsonObject(parseB64u(body)) };
  });
  const form = 'jwk' in header ? holderHeader.safeParse(header) : domainHeader.safeParse(header);
  if (!form.success) throw invalid('the header is not that of such a token');
  const typ = typs.find((one) => form.data.typ === `whereabouts-${one}+jwt`);
  if (typ === undefined) throw invalid('another kind of token');
  const { alg } = form.data;
  if ('kid' in form.data) return { by: 'domain', typ, token, payload, alg, kid: form.data.kid };
  const jwk = parseTemporaryJwk(form.data.jwk);
  return { by: 'holder', typ, token, payload, alg, jwk, jkt: thumbprint(jwk) };
}

/** Parses a token that only a temporary key may sign. */
export function parseHolderJws(token: string, typ: Typ): HolderJws {
  const jws = parseJws(token, typ);
  if (jws.by !== 'holder') throw invalid('not by a temporary key');
  return jws;
}

/** Parses a token that only a domain may sign. */
export function parseDomainJws(token: string, ...typs: readonly Typ[]): DomainJws {
  const jws = parseJws(token, ...typs);
  if (jws.by !== 'domain') throw invalid('not by a domain');
  return jws;
}

/** Parses the signature of a domain over `payload`, which is known from elsewhere. */
export function parseDetachedJws(signature: string, typ: DetachedTyp, payload: Uint8Array): DomainJws {
  if (signature.length > LIMITS.tokenOctets) throw invalid('too long for a signature');
  const [head = '', body, tail = '', ...more] = signature.split('.');
  if (body !== '' || tail === '' || more.length > 0) throw invalid('not a detached JWS');
  const header = failAsSync('token-invalid', 'not a JWS of this protocol', () => {
    parseB64u(tail);
    return parseJsonObject(parseB64u(head));
  });
  const form = domainHeader.safeParse(header);
  if (!form.success) throw invalid('the header is not that of such a signature');
  if (form.data.typ !== `whereabouts-${typ}+jws`) throw invalid('another kind of signature');
  const { alg, kid } = form.data;
  return { by: 'domain', typ, token: `${head}.${formatB64u(payload)}.${tail}`, payload: {}, alg, kid };
}

/** Verifies the signature with the header's own key: says that its owner made it, not who that is. */
export async function verifyHolder({ token, alg, jwk }: HolderJws): Promise<void> {
  await verifySignature(token, alg, { ...jwk });
}

/** Verifies the signature with the one key that `iss` lists under the header's `kid`. */
export async function verifyDomain({ token, alg, kid }: DomainJws, iss: string, keys: FindKeys): Promise<void> {
  const found = (await keys(iss))?.keys.filter((key) => key.kid === kid) ?? [];
  const [key] = found;
  if (key === undefined) throw invalid('by a key that its issuer does not list');
  if (found.length > 1) throw invalid('by one of two keys of the same name');
  const { kty, crv } = CURVES[alg];
  if (key.kty !== kty || key.crv !== crv) throw invalid('alg does not fit the key');
  // RFC 7517 §4.4: a key that names its algorithm is for no other. EdDSA and Ed25519 are two names of one (RFC 9864).
  if (key.alg !== undefined && CURVES[alg].crv !== findCurve(key.alg)) throw invalid('alg does not fit the key');
  await verifySignature(token, alg, reduced(key));
}

/** What of a listed key verifies signatures; one object as long as the list is at hand, by which jose knows it again. */
const known = new WeakMap<JWK, JWK>();

function reduced(key: JWK): JWK {
  const { kty = '', crv, x, y } = key;
  const before = known.get(key);
  if (before !== undefined && before.x === x && before.y === y && before.crv === crv) return before;
  if (kty === 'OKP') verifyPoint(x ?? '');
  const bare = { kty, ...(crv && { crv }), ...(x && { x }), ...(y && { y }) };
  known.set(key, bare);
  return bare;
}

const findCurve = (alg: string): string | undefined => Object.entries(CURVES).find(([name]) => name === alg)?.[1].crv;

async function verifySignature(token: string, alg: Alg, jwk: JWK): Promise<void> {
  await failAs('token-invalid', 'the signature does not hold', async () => {
    await compactVerify(token, jwk, { algorithms: [alg] });
  });
}

/** Signs claims as a temporary key. */
export const signAsHolder = (typ: Typ, claims: object, { jwk, privateKey }: TemporaryKey): Promise<string> =>
  sign(
    { alg: 'EdDSA', typ: `whereabouts-${typ}+jwt`, jwk: { crv: jwk.crv, kty: jwk.kty, x: jwk.x } },
    claims,
    privateKey,
  );

/** Signs claims as a domain. */
export async function signAsDomain(typ: Typ, claims: object, { alg, kid, privateKey }: SigningKey): Promise<string> {
  if (kid === undefined) throw new WhereaboutsError('config-invalid', 'a signing key needs the id it is listed under');
  return sign({ alg, typ: `whereabouts-${typ}+jwt`, kid }, claims, privateKey, longest(typ));
}

/** Signs `payload` as a domain; the signature comes without it. */
export async function signDetached(
  typ: DetachedTyp,
  payload: Uint8Array,
  { alg, kid, privateKey }: SigningKey,
): Promise<string> {
  if (kid === undefined) throw new WhereaboutsError('config-invalid', 'a signing key needs the id it is listed under');
  const header = { alg, typ: `whereabouts-${typ}+jws`, kid };
  const token = await new CompactSign(payload).setProtectedHeader(header).sign(privateKey);
  return token.replace(/\.[^.]*\./, '..');
}

async function sign(
  header: { alg: string; typ: string; kid: string } | { alg: string; typ: string; jwk: TemporaryJwk },
  claims: object,
  key: CryptoKey,
  most: number = LIMITS.tokenOctets,
): Promise<string> {
  const token = await new CompactSign(utf8(JSON.stringify(claims))).setProtectedHeader(header).sign(key);
  if (token.length > most) throw new WhereaboutsError('request-invalid', 'too much for one token');
  return token;
}
