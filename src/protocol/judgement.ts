// What records say (§5.3): which count, whose identifier, whose account, and what a name's records come to together.
// Two questions kept apart: an attestor says whose identifier it is, the provider whose account. Believes nobody by itself:
// whose word counts is the gatekeeper's policy.
import { sha256 } from '@noble/hashes/sha2.js';
import type { Entry } from './bucket.ts';
import { WhereaboutsError } from './errors.ts';
import { identifierDomain, identifierKind, type Identifier } from './identifier.ts';
import { LIMITS } from './limits.ts';
import { accountMac, type BlindedName } from './name.ts';
import { openRecord } from './sealed.ts';
import { readAttestation, verifyAttestation, type Attestation } from './token/attestation.ts';
import type { FindKeys } from './token/jws.ts';
import { verifyRoute, type Route, type RoutingProof } from './token/route.ts';
import { equalOctets, formatB64u } from './wire.ts';

/** Issuers a gatekeeper believes, by kind of identifier: one trusted with phone numbers is not thereby with e-mail addresses. */
export interface TrustPolicy {
  readonly tel: readonly string[];
  readonly mailto: readonly string[];
}

/** Best first. */
export const ASSURANCES = ['confirmed', 'domain', 'attested', 'claimed'] as const;

export type Assurance = (typeof ASSURANCES)[number];

/** A record that passed every check. Times are seconds since 1970. */
export interface JudgedRecord {
  /** Thumbprint of the temporary key, b64u. */
  readonly holder: string;
  /** Whose identifier? */
  readonly identifier: 'domain' | 'attested' | 'claimed';
  /** The later of the routing proof's `iat` and the earliest of the attestations verified. */
  readonly since: number;
  /** Earliest end of routing proof and attestations verified. */
  readonly expires: number;
  /** Those whose attestations were verified, in their order. */
  readonly issuers: readonly string[];
  readonly proof: RoutingProof;
  /** In the person's order; empty: opts out. `auto` leaves out whether the name is contested. */
  readonly routes: readonly { readonly route: Route; readonly assurance: Assurance; readonly auto: boolean }[];
}

/** What becomes of a record that fails no check. */
export interface Judgement {
  /** Undefined where no issuer's keys are at hand: such a record counts as none. */
  readonly record?: JudgedRecord;
  /** An issuer whose word about the identifier would count could not be verified: the question was not completed. */
  readonly incomplete: boolean;
}

export interface RecordToJudge {
  readonly id: Identifier;
  readonly name: BlindedName;
  /** The directory's domain. */
  readonly aud: string;
  /** Seconds since 1970. */
  readonly now: number;
  readonly entry: Entry;
  readonly sealed: Uint8Array;
  readonly trust: TrustPolicy;
  /** Keys at hand: never fetched because of a look-up (§4.1). */
  readonly keys: FindKeys;
  /** Routes may name http bridges on `*.localhost`. */
  readonly sandbox?: boolean;
}

/**
 * Opens and checks one record under a name; throws `record-invalid` or `token-invalid` where it counts as none. An attestation
 * whose issuer's keys are not at hand says nothing, and takes nothing from what the others say.
 */
export async function judgeRecord(record: RecordToJudge): Promise<Judgement> {
  const { id, name, aud, now, entry, sealed, trust, sandbox = false } = record;
  verifyEntry(entry, name, sealed);
  const { route, attestations: tokens } = await openRecord({ ...name, sealed });
  const sub = formatB64u(name.name);
  const proof = await verifyRoute(route, { now, aud, sub, sandbox });
  const holder = formatB64u(entry.holder);
  if (proof.jkt !== holder) throw new WhereaboutsError('record-invalid', 'the route is by another than the holder');
  const { attestations, unverified } = await verifyAttestations(tokens, { ...record, sub, jkt: holder });
  const incomplete = judgeIdentifier(id, unverified, trust, now) !== 'claimed';
  if (attestations.length === 0) return { incomplete };
  const identifier = judgeIdentifier(id, attestations, trust, now);
  const judged: JudgedRecord = {
    holder,
    identifier,
    since: Math.max(proof.iat, Math.min(...attestations.map(({ iat }) => iat))),
    expires: Math.min(proof.exp, ...attestations.map(({ exp }) => exp)),
    issuers: attestations.map(({ iss }) => iss),
    proof,
    routes: proof.routes.map((one) => {
      const confirmed = identifier !== 'claimed' && ownsAccount(one, attestations, name.seal);
      return { route: one, assurance: confirmed ? 'confirmed' : identifier, auto: proof.auto && confirmed };
    }),
  };
  return { record: judged, incomplete };
}

/** What is the same for all records under one name. */
export type NameToJudge = Omit<RecordToJudge, 'entry' | 'sealed'>;

/**
 * The records under one name that hold. One that fails a check counts as none (§5.3): anybody may have deposited it. `complete`
 * unless one that an issuer we would believe may speak for could not be verified: then no absence follows.
 */
export async function judgeRecords(
  filed: readonly { readonly entry: Entry; readonly sealed: Uint8Array }[],
  name: NameToJudge,
): Promise<{ records: JudgedRecord[]; complete: boolean }> {
  const records: JudgedRecord[] = [];
  let complete = true;
  for (const { entry, sealed } of filed) {
    // Other octets than the index names are the directory's doing, not the depositor's: the whole reading fails.
    if (!equalOctets(sha256(sealed), entry.digest))
      throw new WhereaboutsError('record-invalid', 'a sealed record is not the one the index names');
    try {
      const judgement = await judgeRecord({ ...name, entry, sealed });
      if (judgement.record !== undefined) records.push(judgement.record);
      if (judgement.incomplete) complete = false;
    } catch (error) {
      if (!(error instanceof WhereaboutsError)) throw error;
    }
  }
  return { records, complete };
}

/**
 * §5.2, one live record per name and issuer: it holds between the two names an identifier has while a key is retired, too.
 * Whoever registered again under the new key is not at odds with himself.
 */
export function supersede(records: readonly JudgedRecord[]): JudgedRecord[] {
  const isNewer = (other: JudgedRecord, record: JudgedRecord): boolean =>
    other.proof.sub !== record.proof.sub &&
    other.since > record.since &&
    other.issuers.some((issuer) => record.issuers.includes(issuer));
  return records.filter((record) => !records.some((other) => isNewer(other, record)));
}

/** Those that hold, and those that nobody here can check: they at least claim to be about this record. */
async function verifyAttestations(
  tokens: readonly string[],
  { now, aud, sub, jkt, keys }: Pick<RecordToJudge, 'now' | 'aud' | 'keys'> & { sub: string; jkt: string },
): Promise<{ attestations: Attestation[]; unverified: Attestation[] }> {
  const attestations: Attestation[] = [];
  const unverified: Attestation[] = [];
  for (const token of tokens) {
    const claimed = readAttestation(token);
    const found = await keys(claimed.iss);
    if (found !== undefined)
      attestations.push(await verifyAttestation(token, { now, aud, sub, jkt, keys: () => found }));
    else if (claimed.aud === aud && claimed.sub === sub && claimed.jkt === jkt) unverified.push(claimed);
    else throw new WhereaboutsError('record-invalid', 'an attestation of something else');
  }
  return { attestations, unverified };
}

/** The index, which the directory is held to (§6), names these octets and no others. */
function verifyEntry(entry: Entry, { name }: BlindedName, sealed: Uint8Array): void {
  const fits =
    equalOctets(entry.name, name) && entry.length === sealed.length && equalOctets(entry.digest, sha256(sealed));
  if (!fits) throw new WhereaboutsError('record-invalid', 'not the octets the index names');
}

function judgeIdentifier(
  id: Identifier,
  attestations: readonly Attestation[],
  trust: TrustPolicy,
  now: number,
): JudgedRecord['identifier'] {
  const kind = identifierKind(id);
  // Numbers are recycled: an old word about one may be about its last owner.
  const recent = attestations.filter(({ iat }) => kind !== 'tel' || now - iat <= LIMITS.phoneAttestationSeconds);
  const domain = identifierDomain(id);
  if (domain !== undefined && recent.some(({ iss }) => iss === domain)) return 'domain';
  return recent.some(({ iss }) => trust[kind].includes(iss)) ? 'attested' : 'claimed';
}

/** Whose account? Only the route's own provider can say, and about exactly this address. */
function ownsAccount({ provider, address }: Route, attestations: readonly Attestation[], seal: Uint8Array): boolean {
  const account = address === undefined ? undefined : accountMac(seal, address);
  return attestations.some(({ iss, account: tied }) => iss === provider && (account === undefined || tied === account));
}

/** A route as a name's records together make it out to be. Times are seconds since 1970. */
export interface JudgedRoute {
  readonly route: Route;
  readonly assurance: Assurance;
  readonly auto: boolean;
  readonly contested: boolean;
  readonly issuers: readonly string[];
  readonly since: number;
  readonly expires: number;
  readonly holder: string;
}

/** What a directory's records under one name come to. */
export interface JudgedName {
  readonly outcome: 'found' | 'absent' | 'opted-out';
  readonly contested: boolean;
  readonly routes: readonly JudgedRoute[];
  /** When somebody at least `attested` last asked not to be found, in seconds: the answer of another directory may be newer. */
  readonly optedOut?: number;
}

/** Judges the records under one name that count. With `unverified` merely claimed routes are listed too, last. */
export function judgeName(
  records: readonly JudgedRecord[],
  { unverified }: { readonly unverified: boolean },
): JudgedName {
  const verified = records.filter(({ identifier }) => identifier !== 'claimed');
  const contested = new Set(verified.map(({ holder }) => holder)).size > 1;
  const optOuts = verified.filter(({ routes }) => routes.length === 0).map(({ since }) => since);
  const optedOut = optOuts.length === 0 ? {} : { optedOut: Math.max(...optOuts) };
  const listed = verified.filter(({ routes, since }) => routes.length > 0 && since > (optedOut.optedOut ?? -1));
  if (optOuts.length > 0 && listed.length === 0) return { outcome: 'opted-out', contested, routes: [], ...optedOut };
  const claimed = unverified ? records.filter(({ identifier }) => identifier === 'claimed') : [];
  const routes = [...listed, ...claimed].toSorted(compareRecords).flatMap((record) => listRoutes(record, contested));
  return { outcome: routes.length > 0 ? 'found' : 'absent', contested, routes, ...optedOut };
}

/** Between records the better assurance goes first, then the older; within one the person's own order stands (§5.3). */
function compareRecords(a: JudgedRecord, b: JudgedRecord): number {
  return bestOf(a) - bestOf(b) || a.since - b.since || (a.holder < b.holder ? -1 : 1);
}

const bestOf = ({ routes }: JudgedRecord): number =>
  Math.min(...routes.map(({ assurance }) => ASSURANCES.indexOf(assurance)));

function listRoutes({ routes, issuers, since, expires, holder }: JudgedRecord, contested: boolean): JudgedRoute[] {
  return routes.map(({ route, assurance, auto }) => ({
    route,
    assurance,
    // Where two are at odds over a name nobody is connected without a question.
    auto: auto && !contested,
    contested,
    issuers,
    since,
    expires,
    holder,
  }));
}
