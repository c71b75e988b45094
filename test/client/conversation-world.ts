// A world of independent bridges that run only the SDK's roles: random graphs, delays, reorderings, duplicates, joins, leaves, crashes
// and late plans, all from one seed. What every network saw is kept, and nothing here keeps it from seeing anything twice.
import { createConversation, type Conversation, type ConversationMessage } from '../../src/client/conversation.ts';
import {
  normalizeInputs,
  type BridgeInput,
  type Inputs,
  type Openness,
} from '../../src/protocol/conversation/inputs.ts';
import { makePlan, nextPlan, type Plan } from '../../src/protocol/conversation/plan.ts';

/** mulberry32: the same numbers from the same seed everywhere. */
export function createDice(seed: number) {
  let state = seed;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (count: number): number => roll() % count;
  const pick = <T>(list: readonly T[]): T => {
    const found = list[below(Math.max(1, list.length))];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  };
  const shuffle = <T>(list: readonly T[]): T[] =>
    list
      .map((item) => ({ item, at: roll() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ item }) => item);
  return { below, pick, shuffle, chance: (percent: number) => below(100) < percent };
}
export type Dice = ReturnType<typeof createDice>;

const OPENNESS: readonly Openness[] = [0, 1, 10, 10, 10, 100];

export interface Graph {
  readonly networks: readonly string[];
  readonly bridges: readonly BridgeInput[];
}

export function randomGraph(dice: Dice): Graph {
  const networks = Array.from({ length: 3 + dice.below(6) }, (_, at) => `net${at}`);
  const bridges = Array.from({ length: 3 + dice.below(8) }, (_, at): BridgeInput => ({
    id: `bridge${at}`,
    attachments: dice
      .shuffle(networks)
      .slice(0, 2 + dice.below(2))
      .toSorted(),
    openness: dice.pick(OPENNESS),
    lacks: dice.below(2),
    priority: dice.below(3),
    readers: [],
  }));
  return { networks, bridges };
}

const inputsOf = (graph: Graph, terminals: readonly string[], gone: ReadonlySet<string>): Inputs =>
  normalizeInputs({
    id: 'c',
    terminals,
    deny: [],
    down: [...gone],
    networks: graph.networks.map((id) => ({ id, encryption: 'end-to-end' })),
    bridges: graph.bridges.filter(({ id }) => !gone.has(id)),
  });

interface Process {
  conversation: Conversation<ConversationMessage> | undefined;
  /** In nobody's plan while it stands still; comes back without its memory, or with it. */
  isUp: boolean;
  memory: ReturnType<Conversation<ConversationMessage>['save']> | 'none' | 'lost';
}

export interface Outcome {
  /** How often each network saw each message, its own included as nothing. */
  readonly sightings: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly messages: readonly (ConversationMessage & { readonly settled: boolean })[];
  readonly plans: readonly { readonly plan: Plan; readonly inputs: Inputs }[];
  /** The bridges that say they stand for a network's people on another. */
  readonly represent: (home: string, on: string) => number;
  readonly graph: Graph;
  readonly events: number;
}

export function runWorld(seed: number): Outcome {
  const dice = createDice(seed);
  const graph = randomGraph(dice);
  const queue: { readonly at: number; readonly run: () => void }[] = [];
  let [now, events] = [0, 0];
  const later = (delay: number, run: () => void): void => {
    const at = now + delay;
    // Behind all that are not later: binary search.
    let [low, high] = [0, queue.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((queue[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    queue.splice(low, 0, { at, run });
  };
  let terminals = dice.shuffle(graph.networks).slice(0, 2 + dice.below(Math.min(4, graph.networks.length - 1)));
  const gone = new Set<string>();
  const first = inputsOf(graph, terminals, gone);
  const plans = [{ plan: makePlan(first), inputs: first }];
  const processes = new Map(
    graph.bridges.map(({ id }): [string, Process] => [id, { conversation: undefined, isUp: true, memory: 'none' }]),
  );
  /** The epoch each network knows. */
  const known = new Map<string, number>();
  const sightings = new Map<string, Map<string, number>>();
  const messages: (ConversationMessage & { settled: boolean })[] = [];

  /** A message appears on a network: every bridge there hears of it, some twice, each when it does. */
  const appear = (message: ConversationMessage, network: string): void => {
    for (const { id, attachments } of graph.bridges)
      if (attachments.includes(network))
        for (let copies = dice.chance(20) ? 2 : 1; copies > 0; copies--)
          later(dice.below(40), () => hear(id, message, network));
  };
  const hear = (bridge: string, message: ConversationMessage, from: string): void => {
    const process = processes.get(bridge);
    if (process?.isUp !== true || process.conversation === undefined) return;
    const next = process.conversation.next(message, from);
    if (next.do !== 'forward') return;
    for (const network of next.to)
      later(dice.below(20), () => {
        const seen = sightings.get(message.id) ?? new Map<string, number>();
        sightings.set(message.id, seen.set(network, (seen.get(network) ?? 0) + 1));
        appear(message, network);
      });
  };
  const tell = (bridge: string, at: number): void => {
    const process = processes.get(bridge);
    const [told, before] = [plans[at], plans[at - 1]];
    if (process?.isUp !== true || told === undefined) return;
    const previous = before === undefined ? {} : { previous: before.plan };
    if (process.conversation === undefined) {
      process.conversation = createConversation({ bridge, memory: process.memory, ...told, ...previous });
      return;
    }
    if (told.plan.epoch <= process.conversation.plan.epoch) return;
    const { parked } = process.conversation.adopt({ ...told, ...previous });
    for (const { message, from } of parked) hear(bridge, message, from);
  };
  /** The newest plan goes out; it comes when it does, and to some so late that a newer one is there before. */
  const announce = (): void => {
    const at = plans.length - 1;
    for (const { id } of graph.bridges) later(dice.below(dice.chance(20) ? 200 : 30), () => tell(id, at));
    for (const network of terminals)
      later(dice.below(30), () => known.set(network, Math.max(known.get(network) ?? 0, at + 1)));
  };
  const change = (): void => {
    const inputs = inputsOf(graph, terminals, gone);
    const last = plans.at(-1)?.plan;
    if (last === undefined) return;
    plans.push({ plan: dice.chance(80) ? nextPlan(inputs, last) : makePlan(inputs, last), inputs });
    announce();
  };
  const say = (settled: boolean): void => {
    const speakers = terminals.filter((network) => known.has(network));
    if (speakers.length === 0) return;
    const origin = dice.pick(speakers);
    const message = { id: `m${messages.length}`, origin, epoch: known.get(origin) ?? 1 };
    messages.push({ ...message, settled });
    appear(message, origin);
  };
  const crash = (): void => {
    const bridge = dice.pick(graph.bridges).id;
    const process = processes.get(bridge);
    if (process?.isUp !== true) return;
    process.isUp = false;
    // What was saved is what was true; who saves nothing says so.
    process.memory =
      process.conversation === undefined ? 'none' : dice.chance(50) ? process.conversation.save() : 'lost';
    process.conversation = undefined;
    later(20 + dice.below(30), () => {
      gone.add(bridge);
      change();
    });
    if (dice.chance(60))
      later(100 + dice.below(60), () => {
        process.isUp = true;
        tell(bridge, plans.length - 1);
        gone.delete(bridge);
        change();
      });
  };
  const join = (): void => {
    const outside = graph.networks.filter((network) => !terminals.includes(network));
    if (outside.length === 0) return;
    terminals = [...terminals, dice.pick(outside)];
    change();
  };
  const leave = (): void => {
    if (terminals.length < 3) return;
    const network = dice.pick(terminals);
    terminals = terminals.filter((one) => one !== network);
    known.delete(network);
    change();
  };

  const drain = (): void => {
    while (queue.length > 0) {
      const event = queue.shift();
      if (event === undefined) return;
      now = event.at;
      events++;
      if (events > 20_000) throw new Error('messages go round and round');
      event.run();
    }
  };

  announce();
  for (let at = 0; at < 8; at++) later(dice.below(400), () => say(false));
  for (let at = dice.below(4); at > 0; at--) later(dice.below(300), dice.pick([crash, join, leave]));
  drain();
  // Settled: one more plan, and everybody has it before anybody speaks.
  change();
  drain();
  for (let at = 0; at < 3; at++) say(true);
  drain();
  return {
    sightings,
    messages,
    plans,
    graph: { ...graph, bridges: graph.bridges.filter(({ id }) => !gone.has(id)) },
    events,
    represent: (home, on) =>
      [...processes.values()].filter(({ conversation }) => conversation?.represents(home, on) === true).length,
  };
}
