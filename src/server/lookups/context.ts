// Look-ups people already speak, as a door switches them on (docs/operating.md): each stands for itself, none is on by default.
import type { SafeFetch } from '../../evidence/safe-fetch.ts';
import type { Random } from '../../protocol/oprf.ts';
import type { LookupConfig } from '../config.ts';
import type { Clock, Context, Quota } from '../context.ts';

export interface Lookups {
  readonly clock: Clock;
  readonly random: Random;
  /** Matrix Identity Service API: present where it is served. */
  readonly matrixIdentity?: {
    /** Reaches homeservers. */
    readonly fetch: SafeFetch;
    /** Server names whose users may ask. */
    readonly homeservers: ReadonlySet<string>;
    /** People one user may ask about. */
    readonly quota: Quota;
  };
  /** Matrix Application Service look-ups, for the homeserver that shows this token. */
  readonly matrixAppservice?: { readonly token: string };
  /** WebFinger: questions per client address. */
  readonly webfinger?: { readonly quota: Quota };
}

/** What a configuration switches on; `hsToken` is the application service's. */
export function readLookups(
  { on, homeservers, perUser, perAddress }: LookupConfig,
  { clock, random }: Pick<Context, 'clock' | 'random'>,
  { fetch, hsToken }: { readonly fetch: SafeFetch; readonly hsToken: string | undefined },
): Lookups {
  return {
    clock,
    random,
    ...(on.has('matrix-identity') ? { matrixIdentity: { fetch, homeservers, quota: perUser } } : {}),
    ...(on.has('matrix-appservice') && hsToken !== undefined ? { matrixAppservice: { token: hsToken } } : {}),
    ...(on.has('webfinger') ? { webfinger: { quota: perAddress } } : {}),
  };
}
