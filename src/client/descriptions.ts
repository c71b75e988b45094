// Other domains' descriptions (§8), fetched, kept, and given out. Decides when to ask; how to ask is evidence/safe-fetch's,
// and whom to trust the policy's: a description says who holds which keys, never that he is to be believed.
import { sha256 } from '@noble/hashes/sha2.js';
import type { SafeFetch } from '../evidence/safe-fetch.ts';
import { compareDescriptions, type HistoryEntry } from '../protocol/description-changes.ts';
import { acceptDescription, isExpired } from '../protocol/description-signature.ts';
import { parseDescription, type Description } from '../protocol/description.ts';
import { isLocal } from '../protocol/domain.ts';
import { WhereaboutsError, type Code } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { formatHex, parseUtf8, utf8 } from '../protocol/wire.ts';
import { createMemoryStore, type DescriptionStore, type StoredDescription } from './description-store.ts';
import { freshSeconds } from './freshness.ts';

/** A copy at hand. */
export interface DescriptionCopy {
  readonly description: Description;
  readonly stored: StoredDescription;
  /** Its domain should have been heard of since, and was not: what it says may be out of date (§8.1). */
  readonly stale: boolean;
}

export interface Descriptions {
  /** The copy at hand, never the network: what a look-up may use (§4.1). */
  find(domain: string): Promise<Description | undefined>;
  /** The same, with how old it is. */
  findCopy(domain: string): Promise<DescriptionCopy | undefined>;
  /** The copy at hand while it is fresh, else the domain's own answer, else a stale copy while nobody is reached. */
  fetch(domain: string): Promise<Description>;
}

/** A domain whose description could not be fetched or used, and no copy of it is fresh. */
export interface RefreshFailure {
  readonly domain: string;
  readonly code: Code;
}

export interface KeptDescriptions extends Descriptions {
  /** Fetches what is no longer fresh: for a schedule. Failures are told, copies at hand stay. */
  refresh(domains: readonly string[]): Promise<readonly RefreshFailure[]>;
  /** The changes seen of a domain, newest first (§8.3). */
  history(domain: string): Promise<readonly HistoryEntry[]>;
}

export interface DescriptionsOptions {
  readonly fetch: SafeFetch;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** `*.localhost` domains are asked over plain http, and their descriptions may name such URLs. */
  readonly sandbox: boolean;
  /** Memory unless given. */
  readonly store?: DescriptionStore;
}

const PARALLEL = 8;
const PARSED = 1_000;

export function createDescriptions(options: DescriptionsOptions): KeptDescriptions {
  const { clock, sandbox, store = createMemoryStore() } = options;
  const now = () => Math.floor(clock() / 1000);
  const parse = rememberParsed((body, domain) => parseDescription(body, domain, { sandbox }));
  const underway = new Map<string, Promise<Description>>();
  /** Copies known to be fresh, for a moment: those who ask a hundred times a second need not be looked up each time. */
  const atHand = new Map<string, { readonly description: Description; readonly until: number }>();

  const usable = (domain: string, stored: StoredDescription | undefined, until: number): Description | undefined => {
    if (stored === undefined || until <= now()) return undefined;
    const description = parse(stored.body, domain);
    return isExpired(description, now()) ? undefined : description;
  };

  /** The copy kept, unless this program no longer reads it: then there is none. */
  const findStored = async (domain: string): Promise<StoredDescription | undefined> => {
    const stored = await store.find(domain);
    if (stored === undefined) return undefined;
    try {
      parse(stored.body, domain);
      return stored;
    } catch {
      return undefined;
    }
  };

  const findCopy = async (domain: string): Promise<DescriptionCopy | undefined> => {
    const stored = await findStored(domain);
    const description = usable(domain, stored, staleAt(stored));
    if (stored === undefined || description === undefined) return undefined;
    return { description, stored, stale: now() >= freshAt(stored) + LIMITS.descriptionLateSeconds };
  };

  const fetchOnce = async (domain: string, stored: StoredDescription | undefined): Promise<Description> => {
    const at = now();
    const fresh = await ask(options, domain, stored, at);
    const last = stored && parse(stored.body, domain);
    // A copy that can no longer be read still says how far its domain had come.
    const seq = stored?.seq ?? (await store.find(domain))?.seq;
    const description = await acceptDescription(fresh.body, domain, {
      sandbox,
      now: at,
      seen: { last, seq },
      parse: (body) => parse(body, domain),
    });
    const signed = description.signature === undefined ? undefined : description.seq;
    const highest = signed ?? seq;
    const entry = await noteChange(store, domain, { at, body: fresh.body, seq: signed, last, description });
    await store.save(domain, { ...fresh, ...(highest === undefined ? {} : { seq: highest }) }, entry);
    return description;
  };

  const fetchOrStale = async (domain: string): Promise<Description> => {
    const known = atHand.get(domain);
    if (known !== undefined && now() < known.until) return known.description;
    atHand.delete(domain);
    const stored = await findStored(domain);
    const fresh = usable(domain, stored, freshAt(stored));
    if (fresh !== undefined) {
      if (atHand.size >= PARSED) atHand.clear();
      atHand.set(domain, { description: fresh, until: Math.min(now() + 1, freshAt(stored)) });
      return fresh;
    }
    try {
      // §10: one fetch per domain per five minutes, whether it succeeds or not.
      if (await store.claim(domain, now(), now() - LIMITS.descriptionFreshSeconds))
        return await fetchOnce(domain, stored);
      throw new WhereaboutsError('peer-unreachable', 'the description was asked for a moment ago');
    } catch (error) {
      // A failure to reach is never a "no" (§8.1): what the domain said last stands for a while.
      const stale = usable(domain, stored, staleAt(stored));
      if (stale !== undefined) return stale;
      throw error;
    }
  };

  const descriptions: Descriptions = {
    find: async (domain) => (await findCopy(domain))?.description,
    findCopy,
    fetch: (domain) => {
      const shared = underway.get(domain) ?? fetchOrStale(domain).finally(() => underway.delete(domain));
      underway.set(domain, shared);
      return shared;
    },
  };
  return {
    ...descriptions,
    refresh: (domains) => refreshAll(descriptions, domains),
    history: (domain) => store.history(domain),
  };
}

/** When a copy is to be asked for again. Bounded here too: a store may hold what an earlier version thought right. */
export const freshAt = (stored: StoredDescription | undefined): number =>
  stored === undefined
    ? 0
    : Math.min(
        stored.freshUntil ?? stored.fetchedAt + LIMITS.descriptionFreshSeconds,
        stored.fetchedAt + LIMITS.descriptionFreshMostSeconds,
      );

const staleAt = (stored: StoredDescription | undefined): number =>
  stored === undefined ? 0 : stored.fetchedAt + LIMITS.descriptionStaleSeconds;

/** What goes into the history with a newly fetched description; undefined where nothing changed. */
async function noteChange(
  store: DescriptionStore,
  domain: string,
  {
    at,
    body,
    seq,
    last,
    description,
  }: {
    readonly at: number;
    readonly body: string;
    readonly seq: number | undefined;
    readonly last: Description | undefined;
    readonly description: Description;
  },
): Promise<HistoryEntry | undefined> {
  const changes = last === undefined ? [] : compareDescriptions(last, description);
  const isFirst = last === undefined && (await store.history(domain)).length === 0;
  if (changes.length === 0 && !isFirst) return undefined;
  return { at, digest: formatHex(sha256(utf8(body))), ...(seq === undefined ? {} : { seq }), changes };
}

/** Asks the domain itself, with the copy at hand as a condition. */
async function ask(
  { fetch: get, sandbox }: DescriptionsOptions,
  domain: string,
  stored: StoredDescription | undefined,
  now: number,
): Promise<StoredDescription> {
  const etag = stored?.etag;
  const reply = await get(descriptionUrl(domain, sandbox), {
    accept: ['application/json'],
    maxOctets: LIMITS.descriptionOctets,
    ...(etag === undefined ? {} : { headers: { 'if-none-match': etag } }),
  });
  const times = { fetchedAt: now, freshUntil: now + freshSeconds(reply.headers) };
  if (reply.status === 304 && stored !== undefined) return { ...stored, ...times };
  if (reply.status === 404 || reply.status === 410) throw new WhereaboutsError('provider-unknown');
  if (reply.status !== 200) throw new WhereaboutsError('peer-unreachable', 'no description was given');
  const given = reply.headers.get('etag');
  // A longer one is no use to us and would be kept for a stranger.
  const kept = given !== null && given.length <= 256 ? { etag: given } : {};
  return { body: parseBody(reply.body), ...kept, ...times };
}

/** Where a domain's description stands. */
export const descriptionUrl = (domain: string, sandbox: boolean): string =>
  `${sandbox && isLocal(domain) ? 'http' : 'https'}://${domain}/.well-known/whereabouts`;

function parseBody(octets: Uint8Array): string {
  try {
    return parseUtf8(octets);
  } catch (cause) {
    throw new WhereaboutsError('description-invalid', 'the description is not UTF-8', { cause });
  }
}

async function refreshAll(descriptions: Descriptions, domains: readonly string[]): Promise<readonly RefreshFailure[]> {
  const queue = [...new Set(domains)];
  const failures: RefreshFailure[] = [];
  const work = async (): Promise<void> => {
    for (let domain = queue.shift(); domain !== undefined; domain = queue.shift()) {
      try {
        await descriptions.fetch(domain);
      } catch (error) {
        if (!(error instanceof WhereaboutsError)) throw error;
        failures.push({ domain, code: error.code });
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return failures;
}

/** Descriptions are read far more often than they change: each text is parsed once, the least lately used forgotten. */
function rememberParsed(
  parse: (body: string, domain: string) => Description,
): (body: string, domain: string) => Description {
  const parsed = new Map<string, { body: string; description: Description }>();
  return (body, domain) => {
    const known = parsed.get(domain);
    const entry = known?.body === body ? known : { body, description: parse(body, domain) };
    parsed.delete(domain);
    parsed.set(domain, entry);
    const oldest = parsed.size > PARSED ? parsed.keys().next().value : undefined;
    if (oldest !== undefined) parsed.delete(oldest);
    return entry.description;
  };
}
