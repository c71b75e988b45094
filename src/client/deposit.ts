// From routes to a record in a directory (§4.2, §5.1, §5.2): sign the routing proof, seal it with its attestations, deposit it.
import { sha256 } from '@noble/hashes/sha2.js';
import type { BlindedName } from '../protocol/name.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { sealRecord } from '../protocol/sealed.ts';
import { readAttestation } from '../protocol/token/attestation.ts';
import { signDeposit } from '../protocol/token/deposit.ts';
import { signRoute, verifyRoute, type Route } from '../protocol/token/route.ts';
import type { TemporaryKey } from '../protocol/token/temporary-key.ts';
import { formatB64u, formatHex } from '../protocol/wire.ts';
import type { ClientContext } from './context.ts';
import type { Directory } from './directory.ts';
import type { Registration } from './registration.ts';

/** Where to be reached, in order of preference: a route of §4.3, its provider named by its domain. */
export interface RouteChoice extends Omit<Route, 'provider'> {
  readonly domain: string;
}

/** What goes for all routes of a record. */
export interface RoutingOptions {
  /** Gatekeepers may route here without asking again (§4.2): false unless given. */
  readonly auto?: boolean;
  /** Life of the record in seconds: the longest the protocol allows unless given. */
  readonly lifetimeSeconds?: number;
  /** Identity chains that are the same person's (§9). */
  readonly claims?: readonly string[];
}

export interface NewRecord {
  readonly name: BlindedName;
  /** The evaluation key it is under, where that is known; `registering` where it has to be the one without an end. */
  readonly keyId?: string | undefined;
  readonly registering?: boolean;
  readonly key: TemporaryKey;
  readonly seq: number;
  readonly attestations: readonly string[];
  /** Empty: does not want to be found here. */
  readonly routes: readonly RouteChoice[];
  readonly routing: RoutingOptions;
}

/** How long the directory may take to make a record durable. */
const DEPOSIT_MILLISECONDS = 10_000;

/** Seals and deposits a record, and tells what its owner should keep of it. */
export async function deposit(context: ClientContext, directory: Directory, record: NewRecord): Promise<Registration> {
  const { name, key, keyId, registering, seq, attestations, routing } = record;
  const lifetime = routing.lifetimeSeconds ?? LIMITS.tokenLifeSeconds;
  if (!Number.isInteger(lifetime) || lifetime <= 0 || lifetime > LIMITS.tokenLifeSeconds)
    throw new WhereaboutsError('request-invalid', `a record lives 1 to ${LIMITS.tokenLifeSeconds} seconds`);
  const iat = Math.floor(context.clock() / 1000);
  const sub = formatB64u(name.name);
  // Routing proof and deposit end together: §5.2 forbids a deposit that outlives its routing proof.
  const common = { aud: directory.domain, sub, seq, iat, exp: iat + lifetime };
  const { auto = false, claims } = routing;
  const routes = record.routes.map(formatRoute);
  const route = await signRoute({ ...common, auto, routes, ...(claims === undefined ? {} : { claims }) }, key);
  // What a gatekeeper would refuse is refused here, before anybody sees it.
  await verifyRoute(route, { now: iat, aud: directory.domain, sub, sandbox: context.sandbox });
  const nonce = context.random(12);
  const sealed = await sealRecord({ ...name, route, attestations, nonce });
  const digest = sha256(sealed);
  const token = await signDeposit({ ...common, sealed: formatB64u(digest) }, key);
  const body = { sealed: formatB64u(sealed), deposit: token, attestations };
  const expected = { holder: key.jkt, digest: formatHex(digest), keyId, registering };
  const { epoch } = await directory.deposit(sub, body, expected, context.clock() + DEPOSIT_MILLISECONDS);
  const issued = attestations.map(readAttestation);
  return {
    directory: directory.domain,
    name: sub,
    holder: key.jkt,
    digest: formatHex(digest),
    seq,
    epoch,
    expires: Math.min(common.exp, ...issued.map(({ exp }) => exp)),
    attestations: issued.map(({ iss, jti }) => ({ issuer: iss, jti })),
    ...(keyId === undefined ? {} : { key: keyId }),
  };
}

/** A route as it is signed: only its own members, so that nothing a caller keeps beside them (a credential) goes out. */
function formatRoute({ domain, address, for: tags, features, bridges }: RouteChoice): Route {
  return {
    provider: domain,
    ...(address === undefined ? {} : { address }),
    ...(tags === undefined ? {} : { for: tags }),
    ...(features === undefined ? {} : { features }),
    ...(bridges === undefined ? {} : { bridges }),
  };
}
