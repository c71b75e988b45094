// Other domains' descriptions (§8), fetched, kept, and given out. Decides when to ask; how to ask is evidence/safe-fetch's,
// and whom to trust the policy's: a description says who holds which keys, never that he is to be believed.
import type { SafeFetch } from '../evidence/safe-fetch.ts';
import { parseDescription, type Description } from '../protocol/description.ts';
import { WhereaboutsError, type Code } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { parseUtf8 } from '../protocol/wire.ts';

/** A description as fetched. Times are seconds since 1970. */
export interface StoredDescription {
  readonly body: string;
  readonly etag?: string;
  readonly fetchedAt: number;
}

/**
 * Where copies are kept. Several instances may share one: `claim` gives each domain to one caller per interval, so that
 * nobody can make them ask the same domain together; `save` by the last one to finish wins.
 */
export interface DescriptionStore {
  find(domain: string): Promise<StoredDescription | undefined>;
  /** True when nobody claimed `domain` after `before`; from then on it is claimed at `now`. */
  claim(domain: string, now: number, before: number): Promise<boolean>;
  save(domain: string, description: StoredDescription): Promise<void>;
}

export interface Descriptions {
  /** The copy at hand, never the network: what a look-up may use (§4.1). */
  find(domain: string): Promise<Description | undefined>;
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

  const usable = (domain: string, stored: StoredDescription | undefined, age: number): Description | undefined => {
    if (stored === undefined || stored.fetchedAt + age <= now()) return undefined;
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

  const fetchOnce = async (domain: string, stored: StoredDescription | undefined): Promise<Description> => {
    const fresh = await ask(options, domain, stored, now());
    const description = parse(fresh.body, domain);
    if (isExpired(description, now())) throw new WhereaboutsError('description-invalid', 'the description has expired');
    await store.save(domain, fresh);
    return description;
  };

  const fetchOrStale = async (domain: string): Promise<Description> => {
    const stored = await findStored(domain);
    const fresh = usable(domain, stored, LIMITS.descriptionFreshSeconds);
    if (fresh !== undefined) return fresh;
    try {
      // §10: one fetch per domain per five minutes, whether it succeeds or not.
      if (await store.claim(domain, now(), now() - LIMITS.descriptionFreshSeconds))
        return await fetchOnce(domain, stored);
      throw new WhereaboutsError('peer-unreachable', 'the description was asked for a moment ago');
    } catch (error) {
      // A failure to reach is never a "no" (§8.1): what the domain said last stands for a while.
      const stale = usable(domain, stored, LIMITS.descriptionStaleSeconds);
      if (stale !== undefined) return stale;
      throw error;
    }
  };

  const descriptions: Descriptions = {
    find: async (domain) => usable(domain, await findStored(domain), LIMITS.descriptionStaleSeconds),
    fetch: (domain) => {
      const shared = underway.get(domain) ?? fetchOrStale(domain).finally(() => underway.delete(domain));
      underway.set(domain, shared);
      return shared;
    },
  };
  return { ...descriptions, refresh: (domains) => refreshAll(descriptions, domains) };
}

/** Asks the domain itself, with the copy at hand as a condition. */
async function ask(
  { fetch: get, sandbox }: DescriptionsOptions,
  domain: string,
  stored: StoredDescription | undefined,
  now: number,
): Promise<StoredDescription> {
  const scheme = sandbox && domain.endsWith('.localhost') ? 'http' : 'https';
  const etag = stored?.etag;
  const reply = await get(`${scheme}://${domain}/.well-known/whereabouts`, {
    accept: ['application/json'],
    maxOctets: LIMITS.descriptionOctets,
    ...(etag === undefined ? {} : { headers: { 'if-none-match': etag } }),
  });
  if (reply.status === 304 && stored !== undefined) return { ...stored, fetchedAt: now };
  if (reply.status === 404 || reply.status === 410) throw new WhereaboutsError('provider-unknown');
  if (reply.status !== 200) throw new WhereaboutsError('peer-unreachable', 'no description was given');
  const given = reply.headers.get('etag');
  // A longer one is no use to us and would be kept for a stranger.
  const kept = given !== null && given.length <= 256 ? { etag: given } : {};
  return { body: parseBody(reply.body), ...kept, fetchedAt: now };
}

function parseBody(octets: Uint8Array): string {
  try {
    return parseUtf8(octets);
  } catch (cause) {
    throw new WhereaboutsError('description-invalid', 'the description is not UTF-8', { cause });
  }
}

function isExpired({ expires }: Description, now: number): boolean {
  return expires !== undefined && Date.parse(expires) <= now * 1000;
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

function createMemoryStore(): DescriptionStore {
  const kept = new Map<string, StoredDescription>();
  const tried = new Map<string, number>();
  return {
    find: async (domain) => kept.get(domain),
    claim: async (domain, now, before) => {
      if ((tried.get(domain) ?? -Infinity) > before) return false;
      tried.set(domain, now);
      return true;
    },
    save: async (domain, description) => {
      kept.set(domain, description);
    },
  };
}
