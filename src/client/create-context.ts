// What a client's verbs share, made of what its door hands in: one object for each directory, and what is remembered between questions.
import { createSafeFetch, type Transport } from '../evidence/safe-fetch.ts';
import type { GroupSource } from '../protocol/group.ts';
import type { Random } from '../protocol/oprf.ts';
import { createAside } from './aside.ts';
import { createBridgeHealth, type HealthStore } from './bridge-health.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { ClientContext } from './context.ts';
import type { DescriptionStore } from './description-store.ts';
import { createDescriptions } from './descriptions.ts';
import { Directory } from './directory.ts';
import type { Credentials } from './evaluate.ts';
import { createPatience } from './patience.ts';
import type { Policy } from './policy.ts';

export interface ClientParts {
  readonly policy: Policy;
  readonly transport: Transport;
  readonly sandbox: boolean;
  readonly clock: () => number;
  readonly random: Random;
  readonly group: GroupSource;
  readonly credentials?: Credentials;
  readonly store?: DescriptionStore;
  /** What is remembered of bridges: memory unless given. */
  readonly health?: HealthStore;
  /** What is remembered of logs: memory unless given. */
  readonly checkpoints?: Checkpoints;
}

export function createContext(parts: ClientParts, checkpoints: Checkpoints): ClientContext {
  const { policy, clock, random, group, sandbox, credentials, store, health } = parts;
  const fetch = createSafeFetch(parts.transport, { sandbox });
  const descriptions = createDescriptions({ fetch, clock, sandbox, ...(store === undefined ? {} : { store }) });
  const directories = new Map<string, Directory>();
  const aside = createAside(checkpoints);
  return {
    policy,
    aside,
    patience: createPatience(),
    sandbox,
    fetch,
    clock,
    random,
    group,
    descriptions,
    health: createBridgeHealth({ fetch, clock, store: health }),
    ...(credentials === undefined ? {} : { credentials }),
    directory: (domain) => {
      const known =
        directories.get(domain) ??
        new Directory(
          {
            fetch,
            clock,
            descriptions,
            checkpoints: aside.checkpoints,
            pin: policy.logs?.[domain],
            publication: policy.publications?.[domain],
          },
          domain,
        );
      directories.set(domain, known);
      return known;
    },
  };
}
