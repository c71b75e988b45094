// What the SDK may use of the world, handed in by a door: nothing in client/ reads a clock, a socket or randomness by itself.
import type { GroupSource } from '../protocol/group.ts';
import type { Random } from '../protocol/oprf.ts';
import type { Aside } from './aside.ts';
import type { BridgeHealth } from './bridge-health.ts';
import type { CallParts } from './call.ts';
import type { KeptDescriptions } from './descriptions.ts';
import type { Directory } from './directory.ts';
import type { Credentials } from './evaluate.ts';
import type { Patience } from './patience.ts';
import type { Policy } from './policy.ts';

export interface ClientContext extends CallParts {
  readonly random: Random;
  readonly group: GroupSource;
  readonly descriptions: KeptDescriptions;
  readonly health: BridgeHealth;
  readonly policy: Policy;
  /** `*.localhost` over plain http. */
  readonly sandbox: boolean;
  /** Without them only a directory in sandbox mode evaluates. */
  readonly credentials?: Credentials;
  /** The one object a directory's configuration and depth are remembered in. */
  readonly directory: (domain: string) => Directory;
  readonly aside: Aside;
  readonly patience: Patience;
}
