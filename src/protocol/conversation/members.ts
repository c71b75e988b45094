// Who may change what about a conversation (§11.11): everybody his own part. Pure: who calls was proven elsewhere.
import type { Bridge } from '../bridge-listing.ts';
import { isDomain } from '../domain.ts';
import { WhereaboutsError } from '../errors.ts';
import { sorted } from './inputs.ts';

/** A network of the conversation, with what it asks for on behalf of its people. */
export interface Member {
  readonly network: string;
  readonly deny: readonly string[];
  /** Bridges of its participants. */
  readonly bridges: readonly Bridge[];
}

/** What a network asks of a directory. */
export interface Change {
  readonly epoch: number;
  readonly networks: readonly string[];
  readonly deny: readonly string[];
  readonly bridges: readonly Bridge[];
}

/** The members there are; nobody where there is no conversation yet. */
export interface Standing {
  readonly epoch: number;
  readonly members: readonly Member[];
}

/** The members after a change; throws `conversation-unknown`, `conversation-changed`, `conversation-refused`. */
export function changeMembers(before: Standing | undefined, change: Change, caller: string): Member[] {
  const wanted = sorted(change.networks);
  const own = { network: caller, deny: sorted(change.deny), bridges: change.bridges };
  if (before === undefined) {
    if (change.epoch !== 1) throw new WhereaboutsError('conversation-unknown');
    if (!wanted.includes(caller)) throw refused();
    return wanted.map((network) => (network === caller ? own : { network, deny: [], bridges: [] }));
  }
  const current = before.members.map(({ network }) => network);
  if (change.epoch !== before.epoch + 1)
    throw new WhereaboutsError('conversation-changed', undefined, {
      extensions: { epoch: before.epoch, networks: current },
    });
  // Nobody is brought in or put out by somebody else.
  const others = (networks: readonly string[]) => networks.filter((network) => network !== caller);
  if (JSON.stringify(others(current)) !== JSON.stringify(others(wanted))) throw refused();
  const [isIn, staysIn] = [current.includes(caller), wanted.includes(caller)];
  if (!isIn && !staysIn) throw refused();
  if (!staysIn) return before.members.filter(({ network }) => network !== caller);
  return sorted(wanted).map(
    (network) =>
      (network === caller ? own : before.members.find((member) => member.network === network)) ?? {
        network,
        deny: [],
        bridges: [],
      },
  );
}

const refused = (): WhereaboutsError => new WhereaboutsError('conversation-refused');

/** A domain, or the name of a common language such as `matrix`. */
export const isNetworkName = (name: string): boolean => isDomain(name) || /^[a-z][a-z0-9+-]{0,31}$/.test(name);
