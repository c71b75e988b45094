// What one bridge does in one conversation (docs/protocol.md §11.7): forward, drop or park a message, stand for a person or not. Each
// bridge decides for itself, from a plan that it has computed again. Sends nothing: whose message goes where is all it says.
import type { Inputs } from '../protocol/conversation/inputs.ts';
import { readPaths, type Paths } from '../protocol/conversation/paths.ts';
import { verifyPlan, type Plan } from '../protocol/conversation/plan.ts';
import { judgePair, type Privacy } from '../protocol/conversation/privacy.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { LEVELS } from '../protocol/levels.ts';
import { LIMITS } from '../protocol/limits.ts';

/** What a message of a conversation carries beside its content. */
export interface ConversationMessage {
  readonly id: string;
  /** The network it was written on. */
  readonly origin: string;
  /** Of the plan that `origin` had then: set by the origin's network, never by a bridge. */
  readonly epoch: number;
}

export type Next =
  | { readonly do: 'forward'; readonly to: readonly string[] }
  | { readonly do: 'drop'; readonly because: 'duplicate' | 'not-on-the-way' | 'too-old' | 'memory-lost' }
  | { readonly do: 'park' };

/** What a bridge must keep if it is to go on where it stopped. */
export interface ConversationMemory {
  /** Ids forwarded, oldest first. */
  readonly seen: readonly string[];
  /** Epochs before this one are not served. */
  readonly since: number;
}

export interface PlanWithInputs {
  readonly plan: Plan;
  /** The bridge's own, not what somebody sent along. */
  readonly inputs: Inputs;
}

export interface Adopted<M> {
  /** Messages that waited for this plan, with the network each came from, oldest first: for next(). */
  readonly parked: readonly { readonly message: M; readonly from: string }[];
  /** Present where more people can read than before, or the level is worse: to be shown in the conversation. */
  readonly worse?: { readonly before: Privacy; readonly after: Privacy };
}

export interface Conversation<M extends ConversationMessage> {
  readonly plan: Plan;
  /** What to do with a message that came from a network. What is to be forwarded counts as forwarded. */
  next(message: M, from: string): Next;
  /** Whether this bridge stands on network `on` for the people of `home`. */
  represents(home: string, on: string): boolean;
  /** How private the whole conversation is, or what people of two networks write to each other. */
  privacy(between?: readonly [string, string]): Privacy;
  /** Takes the next plan; `plan-stale` for an earlier one, `plan-invalid` for another than the inputs lead to. */
  adopt(next: PlanWithInputs & { readonly previous?: Plan }): Adopted<M>;
  save(): ConversationMemory;
}

export interface ConversationOptions extends PlanWithInputs {
  /** The bridge's id. */
  readonly bridge: string;
  /** The plan before, where `plan` grew out of it. */
  readonly previous?: Plan;
  /** `none` for a bridge that was never in this conversation; `lost` for one that does not know what it has forwarded. */
  readonly memory: ConversationMemory | 'none' | 'lost';
}

export function createConversation<M extends ConversationMessage>(options: ConversationOptions): Conversation<M> {
  const { bridge, memory } = options;
  verifyPlan(options.plan, options.inputs, options.previous);
  let [plan, inputs] = [options.plan, options.inputs];
  /** The newest tree and the one before, by epoch. */
  let trees: ReadonlyMap<number, Paths> = new Map(
    [...(options.previous === undefined ? [] : [options.previous]), plan].map(({ epoch, edges }) => [
      epoch,
      readPaths(edges),
    ]),
  );
  // Who does not know what it forwarded may have forwarded anything there was until now.
  const since = memory === 'lost' ? plan.epoch + 1 : memory === 'none' ? 0 : memory.since;
  const seen = new Set(typeof memory === 'string' ? [] : memory.seen.slice(-LIMITS.conversationSeen));
  let parked: { readonly message: M; readonly from: string }[] = [];

  const remember = (id: string): void => {
    const oldest = seen.values().next();
    if (seen.size >= LIMITS.conversationSeen && oldest.done !== true) seen.delete(oldest.value);
    seen.add(id);
  };

  const forward = (message: M, from: string): Next => {
    const [tree, newest] = [trees.get(message.epoch), trees.get(plan.epoch)];
    const mine = newest?.networksOf(bridge) ?? [];
    if (message.epoch < since) return { do: 'drop', because: 'memory-lost' };
    if (tree === undefined) return { do: 'drop', because: 'too-old' };
    // Reverse path: so what a bridge of ours has put there itself is never taken from there again.
    if (mine.length === 0 || tree.towards(bridge, message.origin) !== from)
      return { do: 'drop', because: 'not-on-the-way' };
    if (seen.has(message.id)) return { do: 'drop', because: 'duplicate' };
    remember(message.id);
    // A network that has left hears no more, whatever tree a message is on.
    const to = tree.networksOf(bridge).filter((network) => network !== from && newest?.networks.includes(network));
    return { do: 'forward', to };
  };

  return {
    get plan() {
      return plan;
    },
    next(message, from) {
      if (message.epoch <= plan.epoch) return forward(message, from);
      parked = [...parked, { message, from }].slice(-LIMITS.conversationParked);
      return { do: 'park' };
    },
    represents: (home, on) => trees.get(plan.epoch)?.represents(home, on) === bridge,
    privacy: (between) =>
      between === undefined ? plan.encryption : judgePair(inputs, plan.edges, between[0], between[1]),
    adopt({ plan: next, inputs: own, previous = plan }) {
      if (next.epoch <= plan.epoch) throw new WhereaboutsError('plan-stale');
      verifyPlan(next, own, previous);
      const before = plan;
      // Epochs that were missed are not served: their trees are not known, but for the last one's.
      trees = new Map([previous, next].map(({ epoch, edges }) => [epoch, readPaths(edges)]));
      [plan, inputs] = [next, own];
      const waiting = parked;
      parked = [];
      const worse = isWorse(before.encryption, next.encryption);
      return { parked: waiting, ...(worse ? { worse: { before: before.encryption, after: next.encryption } } : {}) };
    },
    save: () => ({ seen: [...seen], since }),
  };
}

const isWorse = (before: Privacy, after: Privacy): boolean =>
  LEVELS.indexOf(after.level) > LEVELS.indexOf(before.level) ||
  after.readers.some((reader) => !before.readers.includes(reader)) ||
  (before.verdict === 'private' && after.verdict !== 'private');
