// One bridge on the way of a conversation (§8.2): on whose side it stands, who runs it and whether he says so too, and what it
// does to encryption. Which bridges a way has is ways.ts.
import type { Bridge } from './bridge-listing.ts';
import type { Description } from './description.ts';
import { registrableDomain } from './domain.ts';
import { LEVELS, type Level } from './levels.ts';

/** What the last check of a bridge said. Of most bridges nothing is known. */
export type Health = 'up' | 'down';

/** Whether the operator's own description says of the bridge what is said of it here. */
export type Delegation = 'confirmed' | 'unconfirmed';

export interface Passage {
  readonly bridge: Bridge;
  readonly side: 'asker' | 'recipient';
  /** Where it is: what a person would know it by. */
  readonly host: string;
  readonly operator: string;
  /** Present where somebody else than whose bridge it is is named as operator. */
  readonly delegation?: Delegation;
  /** The same bridge as its operator lists it. */
  readonly told?: Bridge;
  readonly health?: Health;
}

export interface Facts {
  /** Copies of descriptions that are at hand. */
  readonly describe: (domain: string) => Description | undefined;
  /** By the URL of a health check. */
  readonly health: (url: string) => Health | undefined;
}

/** Whose bridge it is: of a network that lists it in its description, or of a person of it, who lists it in a routing proof. */
export interface Owner {
  readonly side: 'asker' | 'recipient';
  readonly network: string;
  readonly isPerson: boolean;
}

export function passOver(bridge: Bridge, { side, network, isPerson }: Owner, facts: Facts): Passage {
  const { operator, endpoint, health: url } = bridge;
  // Who does not say who runs it is known by the host it is on, or else by whose it is.
  const host = (endpoint === undefined ? undefined : URL.parse(endpoint)?.hostname) ?? operator ?? network;
  const delegated = operator !== undefined && (isPerson || operator !== network);
  const told = delegated ? findTold(bridge, facts.describe(operator)) : undefined;
  const health = url === undefined ? undefined : facts.health(url);
  return {
    bridge,
    side,
    host,
    operator: operator ?? host,
    ...(delegated
      ? { delegation: told !== undefined && agrees(told, bridge, network) ? 'confirmed' : 'unconfirmed' }
      : {}),
    ...(told === undefined ? {} : { told }),
    ...(health === undefined ? {} : { health }),
  };
}

/** What `domain` lists under the same id as its own to run: anybody may list a bridge of somebody else. */
function findTold({ id, operator }: Bridge, description: Description | undefined): Bridge | undefined {
  if (id === undefined) return undefined;
  return description?.provider?.bridges?.find(
    (listed) => listed.id === id && (listed.operator ?? description.domain) === operator,
  );
}

/** §8.2: the operator names the same place and the same network; otherwise anybody could adorn a bridge with a good name. */
const agrees = (told: Bridge, { endpoint, protocol, placement, encryption }: Bridge, network: string): boolean =>
  told.endpoint === endpoint &&
  told.protocol === protocol &&
  told.placement === placement &&
  told.encryption === encryption &&
  told.networks?.includes(network) === true;

/** Level of one bridge. What is said of it cannot be checked here; where its operator says worse of it, that counts. */
export function levelOf({ bridge, told }: Passage): Level {
  return worst([bridge, ...(told === undefined ? [] : [told])].map(levelOfBridge));
}

/** Level of a bridge as it is listed. */
export function levelOfBridge({ encryption, placement }: Bridge): Level {
  if (encryption === 'native') return 'end-to-end';
  if (encryption === 'none') return 'not-end-to-end';
  return placement === 'server' ? 're-encrypted-by-bridge' : 're-encrypted-on-recipients-device';
}

export const worst = (levels: readonly Level[]): Level =>
  LEVELS[Math.max(0, ...levels.map((level) => LEVELS.indexOf(level)))] ?? 'not-end-to-end';

/** A bridge that opens messages where somebody else than the two people could read them. */
export const isOpen = (passage: Passage): boolean =>
  ['re-encrypted-by-bridge', 'not-end-to-end'].includes(levelOf(passage));

/** Who could read at an open bridge: its operator, and who has its host, unless they are the same or he says that he runs it. */
export function readersAt({ host, operator, delegation }: Passage): readonly string[] {
  const isSaid = delegation === 'unconfirmed' && registrableDomain(host) !== registrableDomain(operator);
  return isSaid ? [operator, host] : [operator];
}
