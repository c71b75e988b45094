// What a description's author should know (§8): every rule it breaks, and what is allowed but not what he will have meant.
// Says where and why; line numbers and the words of a terminal are the command line's.
import { readDescription, type Description } from './description.ts';
import { acceptDescription } from './description-signature.ts';
import { levelOfBridge } from './passage.ts';
import { WhereaboutsError } from './errors.ts';
import type { Json } from './json.ts';
import { LIMITS } from './limits.ts';
import { parseVkey } from './log/vkey.ts';
import { utf8 } from './wire.ts';

export type Severity = 'error' | 'warning' | 'note';

/** Members and numbers that lead to a place in the document; none: the whole. */
export type Place = readonly (string | number)[];

export interface Finding {
  /** An error is against the rules, a warning will not do what was meant, a note says what follows. */
  readonly severity: Severity;
  readonly place: Place;
  readonly reason: string;
}

export interface Lint {
  /** Absent where the document cannot be used at all. */
  readonly description?: Description;
  readonly findings: readonly Finding[];
}

const DAY = 86_400;
/** Less than what is left of a description that signs itself every day (§8). */
const SOON = 5 * DAY;

const error = (place: Place, reason: string): Finding => ({ severity: 'error', place, reason });
const warning = (place: Place, reason: string): Finding => ({ severity: 'warning', place, reason });
const note = (place: Place, reason: string): Finding => ({ severity: 'note', place, reason });

/** Everything there is to say about the description that `domain` serves or is about to; `now` in seconds. */
export async function lintDescription(
  text: string,
  domain: string,
  { sandbox, now }: { readonly sandbox: boolean; readonly now: number },
): Promise<Lint> {
  let read: ReturnType<typeof readDescription>;
  try {
    read = readDescription(text, domain, { sandbox });
  } catch (thrown) {
    return { findings: [error([], chainReason(thrown))] };
  }
  if ('faults' in read) return { findings: read.faults.map(({ path, reason }) => error(path, reason)) };
  const { description, json } = read;
  const rules = RULES.flatMap((rule) => rule(description, now));
  const size =
    utf8(text).length > LIMITS.descriptionOctets * 0.75 ? [warning([], 'is nearly as large as it may be')] : [];
  const accepted = await checkSignature(text, domain, { sandbox, now });
  const findings = [...accepted, ...rules, ...size, ...findIgnored(json, description)];
  return {
    description,
    findings: findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)),
  };
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];

async function checkSignature(
  text: string,
  domain: string,
  { sandbox, now }: { readonly sandbox: boolean; readonly now: number },
): Promise<Finding[]> {
  try {
    await acceptDescription(text, domain, { sandbox, now, seen: {} });
    return [];
  } catch (thrown) {
    const reason = chainReason(thrown);
    const place = [/signature/, /seq/, /expire/].findIndex((word) => word.test(reason));
    return [error(place < 0 ? [] : [['signature', 'seq', 'expires'][place] ?? ''], reason)];
  }
}

/** Our own errors speak of the description themselves. */
function chainReason(thrown: unknown): string {
  if (!(thrown instanceof WhereaboutsError)) throw thrown;
  const detail = thrown.cause instanceof WhereaboutsError ? `: ${thrown.cause.message}` : '';
  return `${thrown.message.replace(/^the description /, '')}${detail}`;
}

type Rule = (description: Description, now: number) => Finding[];

const isVkey = (text: string): boolean => {
  try {
    parseVkey(text);
    return true;
  } catch {
    return false;
  }
};

const RULES: readonly Rule[] = [
  ({ name, contact }) => [
    ...(name === undefined ? [warning([], 'has no name: people are shown the domain alone')] : []),
    ...(contact === undefined ? [note([], 'has no contact')] : []),
  ],
  ({ signature, expires }, now) => {
    if (signature === undefined)
      return [note([], 'is not signed: who gets hold of the web server can change it unnoticed')];
    const left = Date.parse(expires ?? '') / 1000 - now;
    return left > 0 && left < SOON ? [warning(['expires'], `ends in ${Math.ceil(left / DAY)} days`)] : [];
  },
  ({ jwks, issuer, signature }) => {
    const keys = jwks?.keys ?? [];
    const missing =
      keys.length === 0 && (issuer !== undefined || signature !== undefined)
        ? [error(['jwks'], 'is missing, though this domain signs')]
        : [];
    return [...missing, ...keys.flatMap((key, at) => lintKey(key, at, keys))];
  },
  ({ directory, witness }) => [
    ...(directory !== undefined && directory.log === undefined
      ? [error(['directory'], 'has no log: nothing it answers can be checked')]
      : []),
    ...(directory?.log !== undefined && !isVkey(directory.log)
      ? [error(['directory', 'log'], 'is not a verifier key')]
      : []),
    ...(directory?.witnesses ?? []).flatMap((key, at) =>
      isVkey(key) ? [] : [error(['directory', 'witnesses', at], 'is not a verifier key')],
    ),
    ...(directory !== undefined && (directory.witnesses ?? []).length === 0
      ? [note(['directory'], 'names no witnesses: nobody vouches that all are shown the same log')]
      : []),
    ...(witness !== undefined && !isVkey(witness.key) ? [error(['witness', 'key'], 'is not a verifier key')] : []),
  ],
  ({ provider }) =>
    provider === undefined
      ? []
      : [
          ...((provider.protocols ?? []).length === 0
            ? [warning(['provider'], 'names no protocols: nobody reaches it natively')]
            : []),
          ...((provider.features ?? []).length === 0 ? [warning(['provider'], 'names no features')] : []),
          ...lintBridges(provider.bridges ?? []),
        ],
];

const CURVES: Readonly<Record<string, string>> = { OKP: 'Ed25519', EC: 'P-256' };

function lintKey(
  { kid, kty, crv, x }: NonNullable<Description['jwks']>['keys'][number],
  at: number,
  keys: NonNullable<Description['jwks']>['keys'],
): Finding[] {
  const place = ['jwks', 'keys', at];
  if (CURVES[kty ?? ''] === undefined || CURVES[kty ?? ''] !== crv)
    return [note(place, 'is of a kind this protocol does not use')];
  return [
    ...(x === undefined ? [error(place, 'has no x')] : []),
    ...(kid === undefined ? [error(place, 'has no kid: no signature can name it')] : []),
    ...(kid !== undefined && keys.findIndex((key) => key.kid === kid) !== at
      ? [error([...place, 'kid'], 'is another key’s too: no signature that names it counts')]
      : []),
  ];
}

function lintBridges(bridges: NonNullable<NonNullable<Description['provider']>['bridges']>): Finding[] {
  return bridges.flatMap((bridge, at) => {
    const place = ['provider', 'bridges', at];
    const { id, placement, endpoint, encryption, health, operator } = bridge;
    const twin = id !== undefined && bridges.findIndex((other) => other.id === id) !== at;
    return [
      ...(twin ? [warning([...place, 'id'], 'is another bridge’s too')] : []),
      ...(placement === 'server' && endpoint === undefined
        ? [warning(place, 'is on a server and has no endpoint: nobody can connect to it')]
        : []),
      ...(encryption === 'native' ? [] : [note([...place, 'encryption'], `people are told: ${levelOfBridge(bridge)}`)]),
      ...(operator === undefined ? [note(place, 'names no operator: the host of its endpoint counts as one')] : []),
      ...(placement === 'server' && health === undefined ? [note(place, 'has no health check')] : []),
      ...(bridge.for !== undefined && !bridge.for.includes('direct')
        ? [note([...place, 'for'], 'has no "direct": left out where two people write to each other')]
        : []),
    ];
  });
}

/** Members that are in the document and not in what was read of it: later versions', or misspelt. */
function findIgnored(given: Json | undefined, read: unknown, place: Place = []): Finding[] {
  if (typeof given !== 'object' || given === null || typeof read !== 'object' || read === null) return [];
  const known = new Map<string, unknown>(Object.entries(read));
  return Object.entries(given).flatMap(([name, value]) => {
    const step = Array.isArray(given) ? Number(name) : name;
    if (!known.has(name)) return [warning([...place, step], 'is no member of this place, and ignored')];
    return findIgnored(value, known.get(name), [...place, step]);
  });
}
