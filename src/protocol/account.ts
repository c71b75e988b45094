// Accounts elsewhere as chains name them (§9.3): a closed table of services, what an account and a place of a post look like
// on each. One account has one spelling. Does not ask anybody whether the account is there: evidence/ does.
import { getDomain } from 'tldts';
import { toASCII } from 'tr46';
import { isDomain } from './domain.ts';
import { WhereaboutsError } from './errors.ts';
import { LIMITS } from './limits.ts';

declare const brand: unique symbol;
declare const placeBrand: unique symbol;

/** An account in the one spelling its service's row of the table gives it. */
export type Account = string & { readonly [brand]: 'Account' };
/** Where on the service the statement stands: what an `add-account` link has in `where`. */
export type Place = string & { readonly [placeBrand]: 'Place' };

interface Grammar {
  /** The normal form, undefined for what is no account; idempotent. */
  readonly normal: (text: string) => string | undefined;
  /** Whether `text` names a place where that account may have posted; without it there is no place but the account itself. */
  readonly isPlace?: (text: string, account: string) => boolean;
  readonly needsPlace?: boolean;
  /** Whoever owns the account may run the host that is asked, and so sees who asks, and when. */
  readonly selfHosted: boolean;
  /** Proved by documents of another system, not by a post (§9.5). */
  readonly imported?: boolean;
}

/** Names nobody registers (RFC 6761 and its registry). `.localhost` is the sandbox's: no production fetch goes there. */
const UNREGISTRABLE = /\.(?:alt|arpa|internal|invalid|local|onion)$/;

/** A host somebody registered: no IP address, no public suffix, which is everybody's. A-labels in lower case. */
function normalHost(text: string): string | undefined {
  if (!/^[A-Za-z0-9.\-\u0080-\u{10ffff}]+$/u.test(text)) return undefined;
  const ascii = toASCII(text.toLowerCase(), { checkBidi: true, checkJoiners: true, useSTD3ASCIIRules: true });
  if (ascii === null || !isDomain(ascii) || UNREGISTRABLE.test(ascii)) return undefined;
  if (ascii.endsWith('.localhost')) return ascii;
  return getDomain(ascii, { allowPrivateDomains: true }) === null ? undefined : ascii;
}

/** Chains are public: a name that is a telephone number with or without separators is none (§9). */
const isNumber = (name: string): boolean => /^\+?\d{7,15}$/.test(name.replaceAll(/[-._/]/g, ''));

const named =
  (pattern: RegExp, fold: boolean) =>
  (text: string): string | undefined =>
    pattern.test(text) && !isNumber(text) ? (fold ? text.toLowerCase() : text) : undefined;

function normalActor(text: string): string | undefined {
  const [, name = '', at = ''] = /^@([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?)@([^@]+)$/.exec(text) ?? [];
  const host = normalHost(at);
  return host === undefined || isNumber(name) ? undefined : `@${name.toLowerCase()}@${host}`;
}

/** Matrix user ids differ by case and `=40` is an `@`: neither is folded, the one is refused and so is the other. */
function normalMatrixUser(text: string): string | undefined {
  const [, name = '', at = ''] = /^@([a-z0-9._=\-/+]+):([^:]+)$/.exec(text) ?? [];
  const host = normalHost(at);
  if (host === undefined || name.includes('=40') || isNumber(name)) return undefined;
  const id = `@${name}:${host}`;
  return id.length <= 255 ? id : undefined;
}

function normalHandle(text: string): string | undefined {
  const host = normalHost(text);
  return host === undefined || isNumber(host.slice(0, host.indexOf('.'))) ? undefined : host;
}

const PLC = /^did:plc:[a-z2-7]{24}$/;

function isDid(text: string): boolean {
  const [, host = ''] = /^did:web:([^:]+)$/.exec(text) ?? [];
  return PLC.test(text) || (host !== '' && normalHost(host) === host);
}

/** `at://did/collection/key`: the DID is pinned, so that whoever gets the handle next is not taken for its owner. */
function isRecord(text: string): boolean {
  const [, did = '', key = ''] =
    /^at:\/\/(did:[^/]+)\/(app\.bsky\.feed\.post\/[2-7a-z]{13}|app\.bsky\.actor\.profile\/self)$/.exec(text) ?? [];
  return key !== '' && isDid(did);
}

/** A note of the account's server: https, the server's domain or one below its registrable domain, nothing but a path. */
function isNote(text: string, account: string): boolean {
  if (!/^https:\/\/[a-z0-9.-]+\/[A-Za-z0-9/_.~@-]+$/.test(text)) return false;
  const url = URL.parse(text);
  if (url === null || url.href !== text || normalHost(url.hostname) !== url.hostname) return false;
  const of = (host: string) => getDomain(host, { allowPrivateDomains: true }) ?? host;
  return of(url.hostname) === of(account.slice(account.lastIndexOf('@') + 1));
}

function isMatrixEvent(text: string): boolean {
  const [, server] = /^![A-Za-z0-9._=+/-]{1,64}(?::([^:/]+))?\/\$[A-Za-z0-9_+-]{43}$/.exec(text) ?? [];
  return server === undefined ? /^![A-Za-z0-9_-]{43}\/\$[A-Za-z0-9_-]{43}$/.test(text) : normalHost(server) === server;
}

function normalProfile(text: string): string | undefined {
  const [, at = '', print = ''] = /^aspe:([^:]+):([A-Za-z2-7]{26})$/.exec(text) ?? [];
  const host = normalHost(at);
  return host === undefined ? undefined : `aspe:${host}:${print.toUpperCase()}`;
}

/** Every service there is (§9.3). */
export const SERVICES = {
  dns: { normal: normalHost, selfHosted: true },
  https: { normal: normalHost, selfHosted: true },
  github: {
    normal: named(/^[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}$/, true),
    isPlace: (text) => /^[0-9a-f]{5,40}$/.test(text),
    needsPlace: true,
    selfHosted: false,
  },
  gitlab: {
    // What the site itself keeps for its routes are names that end like files.
    normal: named(/^(?!.*\.(?:git|atom)$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])$/i, true),
    isPlace: (text) => /^[1-9]\d{0,11}$/.test(text),
    selfHosted: false,
  },
  activitypub: { normal: normalActor, isPlace: isNote, selfHosted: true },
  matrix: { normal: normalMatrixUser, isPlace: isMatrixEvent, selfHosted: true },
  // A handle is a domain of its owner's, and so may be the server its records are on.
  bluesky: { normal: normalHandle, isPlace: isRecord, needsPlace: true, selfHosted: true },
  // Two names that differ by case are two people there.
  hackernews: { normal: named(/^[A-Za-z0-9_-]{2,15}$/, false), selfHosted: false },
  keybase: { normal: named(/^(?=.{2,16}$)[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*$/, true), selfHosted: false, imported: true },
  plc: { normal: (text) => (PLC.test(text) ? text : undefined), selfHosted: false, imported: true },
  asp: { normal: normalProfile, selfHosted: true, imported: true },
} as const satisfies Record<string, Grammar>;

export type Service = keyof typeof SERVICES;

/** Who somebody says to be elsewhere, and where he says so. */
export interface AccountClaim {
  readonly service: Service;
  readonly account: Account;
  readonly where?: Place;
}

const invalid = (message: string) => new WhereaboutsError('account-invalid', message);
const grammarOf = (service: Service): Grammar => SERVICES[service];

export const isService = (text: string): text is Service => Object.hasOwn(SERVICES, text);

/** Reads an account in any notation its service allows; else `account-invalid`, and the message repeats nothing. */
export function parseAccount(service: Service, text: string): Account {
  const account = text.length <= LIMITS.accountOctets ? grammarOf(service).normal(text) : undefined;
  if (account === undefined || account.length > LIMITS.accountOctets) throw invalid('not an account of this service');
  return account as Account;
}

/** Reads what a link or a table says: the normal form only, and a place exactly where the service has one. */
export function parseClaim(claim: { service: string; account: string; where?: string | undefined }): AccountClaim {
  const { service, account: text, where } = claim;
  if (!isService(service)) throw invalid('not a service of the list');
  const account = parseAccount(service, text);
  if (account !== text) throw invalid('an account in another form than its normal one');
  const { isPlace, needsPlace } = grammarOf(service);
  if (where === undefined) {
    if (needsPlace === true) throw invalid('this service needs the place of a post');
    return { service, account };
  }
  if (where.length > LIMITS.placeOctets || isPlace?.(where, account) !== true)
    throw invalid('not a place of a post on this service');
  return { service, account, where: where as Place };
}

/** `<service>:<account>`, as accounts are searched by; the account in any notation. */
export function parseAccountName(text: string): AccountClaim {
  const service = text.slice(0, Math.max(0, text.indexOf(':')));
  if (!isService(service)) throw invalid('not a service of the list');
  return { service, account: parseAccount(service, text.slice(service.length + 1)) };
}

/** Every account that `text` may name: one where it says its service, else that name wherever there are such; else `account-invalid`. */
export function parseAccountNames(text: string): readonly AccountClaim[] {
  if (isService(text.slice(0, Math.max(0, text.indexOf(':'))))) return [parseAccountName(text)];
  const accounts = Object.keys(SERVICES).flatMap((service) => {
    try {
      return [parseAccountName(`${service}:${text}`)];
    } catch {
      return [];
    }
  });
  if (accounts.length === 0) throw invalid('not an account of any service');
  return accounts;
}

/** Whether looking at the account tells its owner so: passive readers leave such services alone (§9.3). */
export const isSelfHosted = (service: Service): boolean => grammarOf(service).selfHosted;

/** Whether documents of another system prove it, and no post does. */
export const isImported = (service: Service): boolean => grammarOf(service).imported === true;
