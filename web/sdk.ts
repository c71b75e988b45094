// The SDK, loaded when it is first needed: telephone numbers of the whole world and the cryptography are most of what this page
// weighs, and reading it needs neither.
import type { Client, Policy } from '../src/index.ts';
import { keptCheckpoints } from './kept.ts';
import type { Settings } from './settings.ts';
import { createWire, type Wire } from './wire.ts';

export type Sdk = typeof import('../src/index.ts');

let loading: Promise<Sdk> | undefined;

/** Loads it once; begun early where somebody is about to need it. */
export function loadSdk(): Promise<Sdk> {
  loading ??= import('../src/index.ts').catch((error: unknown) => {
    // The next one may be luckier.
    loading = undefined;
    throw error;
  });
  return loading;
}

export interface Session {
  readonly sdk: Sdk;
  readonly client: Client;
  readonly wire: Wire;
}

/** One client for each network one may ask as: each has a policy of its own. */
export class Sessions {
  readonly #settings: Settings;
  readonly #open = new Map<string, Promise<Session>>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** The client that asks as a user of `domain`: the first asker of this place, or somebody of one's own network. */
  open(domain?: string): Promise<Session> {
    const { askers, directories, providers } = this.#settings;
    const known =
      askers.find(({ policy }) => policy.domain === domain) ?? (domain === undefined ? askers[0] : undefined);
    // Of a stranger's policy nothing is known: the directories of this place, and the providers that it lists.
    const own = {
      domain: domain ?? directories[0] ?? location.hostname,
      directories,
      trust: { tel: providers, mailto: providers },
    };
    const policy = known?.policy ?? { ...askers[0]?.policy, ...own };
    const session = this.#open.get(policy.domain) ?? this.#create(policy);
    this.#open.set(policy.domain, session);
    return session;
  }

  async #create(policy: unknown): Promise<Session> {
    const sdk = await loadSdk();
    const wire = createWire();
    const read: Policy = sdk.parsePolicy(policy);
    const client = sdk.createClient({
      policy,
      fetch: wire.fetch,
      checkpoints: keptCheckpoints(),
      group: sdk.nobleGroup,
      ...(this.#settings.sandbox ? { sandbox: { port: Number(location.port || 80) } } : {}),
    });
    void client.start().catch(() => undefined);
    return { sdk, client: { ...client, policy: read }, wire };
  }
}
