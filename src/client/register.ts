// Registering (§4, §5.2): a temporary key, an attestation from each issuer for it, a record only who knows the identifier can open.
// Runs on the person's device, and takes nobody's word for the name: it evaluates it itself and compares.
import { WhereaboutsError } from '../protocol/errors.ts';
import { parseIdentifier, type Identifier } from '../protocol/identifier.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { BlindedName } from '../protocol/name.ts';
import { verifyAttestation } from '../protocol/token/attestation.ts';
import { generateTemporaryKey, type TemporaryKey } from '../protocol/token/temporary-key.ts';
import { formatB64u, parseB64u } from '../protocol/wire.ts';
import type { ClientContext } from './context.ts';
import { deposit, type RouteChoice, type RoutingOptions } from './deposit.ts';
import type { Directory } from './directory.ts';
import { createEvaluator } from './evaluate.ts';
import { requestAttestation } from './issuer-client.ts';
import type { Registration } from './registration.ts';

/** A provider to be reached at; with `authorization` it is asked for an attestation too. */
export interface ProviderChoice extends RouteChoice {
  /** The whole `Authorization` header for the provider's issuer API. */
  readonly authorization?: string;
}

/** Who confirms the identifier without being a way to reach the person: a telco, an e-mail domain. */
export interface Attestor {
  readonly domain: string;
  readonly authorization: string;
}

export interface RegisterOptions extends RoutingOptions {
  /** Phone number or e-mail address in any notation. */
  readonly identifier: string;
  /** Region (ISO 3166) a national phone number is of. */
  readonly region?: string;
  /** The policy's first directory unless given. */
  readonly directory?: string;
  /** In order of preference. */
  readonly providers: readonly ProviderChoice[];
  readonly attestors?: readonly Attestor[];
  /** Register that this person does not want to be found: the providers attest, and no route is given. */
  readonly optOut?: boolean;
  /** Keep what later changes need, in a key that can be exported: else the key is thrown away (§4.5). */
  readonly keep?: boolean;
  /** A key to use, and keep, instead of a fresh one. */
  readonly key?: TemporaryKey;
}

/** What an issuer made ahead for a key that is kept (§4.1, renewal): `whereabouts attest renew`, or its library. */
export interface Renewal {
  readonly attestation: string;
  readonly pass: string;
}

export interface RenewOptions extends RoutingOptions {
  /** The identifier that was registered: a registration does not hold it. */
  readonly identifier: string;
  readonly region?: string;
  /** The whole new list, in order of preference; empty: does not want to be found. */
  readonly providers: readonly RouteChoice[];
  /** One from each issuer, for the key that was kept. */
  readonly renewals: readonly Renewal[];
}

export interface UpdateOptions extends RoutingOptions {
  /** The whole new list, in order of preference; empty: does not want to be found. */
  readonly providers: readonly RouteChoice[];
}

/** How long one issuer may take. */
const ISSUER_MILLISECONDS = 15_000;
const EVALUATE_MILLISECONDS = 10_000;

/** Registers an identifier; returns once the directory has the record for good. */
export async function register(context: ClientContext, options: RegisterOptions): Promise<Registration> {
  try {
    return await registerOnce(context, options);
  } catch (error) {
    // Another key was announced while we were at it: once more, under that one.
    if (!(error instanceof WhereaboutsError) || error.code !== 'config-changed') throw error;
    return await registerOnce(context, options);
  }
}

async function registerOnce(context: ClientContext, options: RegisterOptions): Promise<Registration> {
  const id = parseIdentifier(options.identifier, options.region);
  const issuers = findIssuers(options);
  const domain = options.directory ?? context.policy.directories[0];
  if (domain === undefined) throw new WhereaboutsError('policy-invalid', 'the policy names no directory');
  await context.descriptions.fetch(domain);
  const directory = context.directory(domain);
  const key = options.key ?? (await generateTemporaryKey({ extractable: options.keep === true }));
  const attested = await Promise.all(
    issuers.map((issuer) => attest(context, issuer, { directory: domain, identifier: id, key })),
  );
  const attestations = attested.map(({ attestation }) => attestation);
  const { name, keyId } = await evaluateOwnName(context, directory, id, attested[0]?.pass);
  await verifyAttestations(context, attestations, { aud: domain, sub: formatB64u(name.name), jkt: key.jkt });
  const routes = options.optOut === true ? [] : options.providers;
  const record = { name, keyId, registering: true, key, seq: 1, attestations, routes, routing: options };
  const registration = await deposit(context, directory, record);
  if (options.keep !== true && options.key === undefined) return registration;
  return { ...registration, kept: { key, seal: formatB64u(name.seal), attestations } };
}

/**
 * Registers anew, with the key that was kept, under the key the directory has now and with what the issuers made ahead: for a
 * provider that acts for its users, many at once. The old record stays until its key's end: look-ups under way may have read
 * the new name before.
 */
export async function renew(
  context: ClientContext,
  registration: Registration,
  options: RenewOptions,
): Promise<Registration> {
  const { kept } = registration;
  if (kept === undefined)
    throw new WhereaboutsError('credentials-required', 'the temporary key was not kept: register again');
  const [first] = options.renewals;
  if (first === undefined) throw new WhereaboutsError('request-invalid', 'no issuer has attested anew');
  const id = parseIdentifier(options.identifier, options.region);
  const aud = registration.directory;
  await context.descriptions.fetch(aud);
  const directory = context.directory(aud);
  const attestations = options.renewals.map(({ attestation }) => attestation);
  const { name, keyId } = await evaluateOwnName(context, directory, id, first.pass);
  await verifyAttestations(context, attestations, { aud, sub: formatB64u(name.name), jkt: kept.key.jkt });
  const renewed = await deposit(context, directory, {
    name,
    keyId,
    registering: true,
    key: kept.key,
    // Under the same name it has to be above the last one; under another one any will do.
    seq: registration.seq + 1,
    attestations,
    routes: options.providers,
    routing: options,
  });
  return { ...renewed, kept: { key: kept.key, seal: formatB64u(name.seal), attestations } };
}

/** Changes routes or their order with the key that was kept; the issuers need not be asked again. */
export async function update(
  context: ClientContext,
  registration: Registration,
  options: UpdateOptions,
): Promise<Registration> {
  const { kept } = registration;
  if (kept === undefined)
    throw new WhereaboutsError('credentials-required', 'the temporary key was not kept: register again');
  await context.descriptions.fetch(registration.directory);
  const directory = context.directory(registration.directory);
  const { config } = await directory.head(context.clock() + EVALUATE_MILLISECONDS, { fresh: true });
  if (registration.key !== undefined && !config.keys.some(({ id }) => id === registration.key))
    throw new WhereaboutsError('key-unknown', 'the directory has another key now: register again');
  const changed = await deposit(context, directory, {
    keyId: registration.key,
    name: { name: parseB64u(registration.name, 32), seal: parseB64u(kept.seal, 32) },
    key: kept.key,
    seq: registration.seq + 1,
    attestations: kept.attestations,
    routes: options.providers,
    routing: options,
  });
  return { ...changed, kept };
}

/** Everybody who is asked for an attestation. */
function findIssuers({ attestors = [], providers }: RegisterOptions): Attestor[] {
  const issuers = [...attestors];
  for (const { domain, authorization } of providers)
    if (authorization !== undefined) issuers.push({ domain, authorization });
  if (issuers.length === 0 || issuers.length > LIMITS.attestations)
    throw new WhereaboutsError('request-invalid', `a registration needs 1 to ${LIMITS.attestations} attestations`);
  if (new Set(issuers.map(({ domain }) => domain)).size !== issuers.length)
    throw new WhereaboutsError('request-invalid', 'an issuer is named twice');
  return issuers;
}

async function attest(
  context: ClientContext,
  { domain, authorization }: Attestor,
  request: { directory: string; identifier: Identifier; key: TemporaryKey },
): Promise<{ attestation: string; pass: string }> {
  const issuer = await context.descriptions.fetch(domain);
  const until = context.clock() + ISSUER_MILLISECONDS;
  return requestAttestation(context, issuer, { ...request, authorization, until });
}

/** The person's own evaluation, paid for by an issuer's pass: an issuer that named another name is found out here. */
async function evaluateOwnName(
  context: ClientContext,
  directory: Directory,
  id: Identifier,
  pass: string | undefined,
): Promise<{ name: BlindedName; keyId: string }> {
  const { credentials: _, ...parts } = context;
  const evaluator = createEvaluator(pass === undefined ? parts : { ...parts, credentials: { pass } });
  const until = context.clock() + EVALUATE_MILLISECONDS;
  // What was remembered may be older than what the issuers went by.
  const evaluated = await evaluator.names(directory, [id], { until, registering: true, fresh: true });
  const [own] = evaluated;
  const name = own?.names[0];
  if (own === undefined || name === undefined)
    throw new WhereaboutsError('evaluation-invalid', 'the directory evaluated nothing');
  return { name, keyId: own.keyId };
}

/** What a gatekeeper will check is checked before it is deposited. */
async function verifyAttestations(
  context: ClientContext,
  attestations: readonly string[],
  expected: { aud: string; sub: string; jkt: string },
): Promise<void> {
  const now = Math.floor(context.clock() / 1000);
  const keys = async (issuer: string) => (await context.descriptions.fetch(issuer)).jwks;
  for (const token of attestations) await verifyAttestation(token, { ...expected, now, keys });
}
