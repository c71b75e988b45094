// Whether bridges answer (§8.2): checked on a schedule, all that descriptions at hand name, and never because somebody is looked
// up; what a check said is remembered for a while. A bridge that only stands in a routing proof is not checked: whoever runs it
// would learn that somebody asked about that person.
import type { SafeFetch } from '../evidence/safe-fetch.ts';
import type { Bridge } from '../protocol/bridge-listing.ts';
import type { Description } from '../protocol/description.ts';
import { registrableDomain } from '../protocol/domain.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { Health } from '../protocol/passage.ts';

/** What one check said. */
export interface HealthCheck {
  readonly url: string;
  readonly health: Health;
  /** Seconds since 1970. */
  readonly checkedAt: number;
}

/** Where checks are kept, all together: memory unless given. Isolates of a Worker may share one; the last to write wins. */
export interface HealthStore {
  read(): Promise<readonly HealthCheck[]>;
  write(checks: readonly HealthCheck[]): Promise<void>;
}

export interface BridgeHealth {
  /** What is known now, by the URL of the check. Asks nobody. */
  read(): Promise<(url: string) => Health | undefined>;
  /** Checks the bridges these descriptions list, each once a minute at most: for a schedule. */
  check(descriptions: readonly Description[]): Promise<void>;
}

export interface BridgeHealthParts {
  readonly fetch: SafeFetch;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly store?: HealthStore | undefined;
}

const PARALLEL = 8;
const ACCEPT = ['application/json', 'application/health+json', 'text/plain'];

export function createBridgeHealth({ fetch, clock, store = createMemoryStore() }: BridgeHealthParts): BridgeHealth {
  const now = () => Math.floor(clock() / 1000);
  const counts = ({ checkedAt }: HealthCheck): boolean => checkedAt + LIMITS.healthStaleSeconds > now();
  let underway: Promise<void> | undefined;

  const checkAll = async (descriptions: readonly Description[]): Promise<void> => {
    const known = new Map((await store.read()).filter(counts).map((check) => [check.url, check]));
    const isDue = (url: string) => (known.get(url)?.checkedAt ?? -Infinity) + LIMITS.healthApartSeconds <= now();
    const due = listChecks(descriptions).filter(isDue);
    if (due.length === 0) return;
    const work = async (): Promise<void> => {
      for (let url = due.shift(); url !== undefined; url = due.shift()) {
        const health = await ask(fetch, url);
        if (health !== undefined) known.set(url, { url, health, checkedAt: now() });
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    await store.write([...known.values()].filter(counts));
  };

  return {
    async read() {
      const known = new Map((await store.read()).filter(counts).map(({ url, health }) => [url, health]));
      return (url) => known.get(url);
    },
    check: (descriptions) => (underway ??= checkAll(descriptions).finally(() => (underway = undefined))),
  };
}

/**
 * The checks to be made, within bounds: no description can make us ask hosts that have nothing to do with its bridges, and no
 * host is asked for more than a few.
 */
export function listChecks(descriptions: readonly Description[]): string[] {
  const urls = new Set<string>();
  const perDomain = new Map<string, number>();
  for (const { domain, provider } of descriptions)
    for (const bridge of provider?.bridges ?? []) {
      const { health } = bridge;
      if (health === undefined || urls.has(health) || urls.size === LIMITS.healthChecks) continue;
      const asked = domainOf(health);
      const count = perDomain.get(asked) ?? 0;
      if (count === LIMITS.healthChecksPerDomain || !belongs(asked, bridge, domain)) continue;
      perDomain.set(asked, count + 1);
      urls.add(health);
    }
  return [...urls];
}

const domainOf = (url: string): string => registrableDomain(new URL(url).hostname);

const belongs = (asked: string, { endpoint, operator }: Bridge, domain: string): boolean =>
  asked === registrableDomain(domain) ||
  (operator !== undefined && asked === registrableDomain(operator)) ||
  (endpoint !== undefined && asked === domainOf(endpoint));

/** Undefined where the reply says nothing about the bridge: it is told to come later, or may not be asked at all. */
async function ask(get: SafeFetch, url: string): Promise<Health | undefined> {
  try {
    const { status } = await get(url, {
      accept: ACCEPT,
      timeoutMs: LIMITS.healthMilliseconds,
      describedPort: true,
      headersOnly: true,
    });
    if (status === 429) return undefined;
    return status >= 200 && status < 300 ? 'up' : 'down';
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    return error.code === 'peer-unreachable' ? 'down' : undefined;
  }
}

function createMemoryStore(): HealthStore {
  let kept: readonly HealthCheck[] = [];
  return {
    read: async () => kept,
    write: async (checks) => {
      kept = checks;
    },
  };
}
