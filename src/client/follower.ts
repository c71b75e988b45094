// Follows the directories of a policy for those who hold an answer and want to know when it changes. One look at each directory
// a second serves all of them: change lists tell whose records changed, and only those are asked about again.
import type { Answer } from '../protocol/answer.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Identifier } from '../protocol/identifier.ts';
import { LIMITS } from '../protocol/limits.ts';
import { formatB64u, formatHex } from '../protocol/wire.ts';
import { readChangedNames } from './changed-names.ts';
import type { ClientContext } from './context.ts';
import { askAll, type Asked, type WhereOptions } from './where.ts';

/** Milliseconds between two looks, and for how long one may take. */
const INTERVAL = 1_000;
const PATIENCE = 5_000;
/** Epochs whose change lists are remembered: whoever saw an older one is asked about again. */
const WINDOW = 64;
/** A question that could not be completed is asked again after this, then after twice as long, and so on. */
const AGAIN_FIRST = 2_000;
const AGAIN_LAST = 60_000;
/** Questions asked again side by side. */
const PARALLEL = 8;

/** One question somebody holds an answer to; shared by all who ask the same. */
export interface Watched {
  /** The answer as it is now; asks if nobody has. */
  current(): Promise<Answer>;
  /** Called whenever there may be another answer. Returns what ends it. */
  listen(listener: () => void): () => void;
}

export interface Follower {
  /** Throws `overloaded` where too many are followed. */
  join(id: Identifier, options: WhereOptions): Watched;
  /** Lays every answer out anew: something became known about the networks. */
  reconsider(): Promise<void>;
}

interface Question {
  readonly id: Identifier;
  readonly options: WhereOptions;
  readonly listeners: Set<() => void>;
  asked: Asked | undefined;
  answer: Answer | undefined;
  asking: Promise<void> | undefined;
  /** Epoch seen of each directory. */
  epochs: Map<string, number>;
  /** When an answer that could not be completed is asked for again, and after how long the next time. */
  again: { at: number; after: number } | undefined;
}

/** What a directory was last seen to have changed. */
interface Recent {
  epoch: number;
  /** SHA-256 of the configuration: names change with the keys in it. */
  config: string;
  readonly changed: Map<number, ReadonlySet<string>>;
}

export function createFollower(context: ClientContext): Follower {
  const questions = new Map<string, Question>();
  const recent = new Map<string, Recent>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLooking = false;

  const ask = (question: Question): Promise<void> => {
    question.asking ??= askOnce(context, question).finally(() => (question.asking = undefined));
    return question.asking;
  };

  const look = async (): Promise<void> => {
    const now = context.clock();
    const domains = new Set([...questions.values()].flatMap(({ epochs }) => [...epochs.keys()]));
    const stale = new Set<Question>();
    await Promise.all(
      [...domains].map(async (domain) => {
        for (const question of await findStale(context, domain, recent, questions.values())) stale.add(question);
      }),
    );
    for (const question of questions.values())
      if (question.again !== undefined && question.again.at <= now) stale.add(question);
    await inTurn([...stale], ask);
  };

  const run = (): void => {
    if (timer !== undefined || isLooking || questions.size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      isLooking = true;
      void look()
        // A directory in trouble, or a database: the next look may do better.
        .catch(() => undefined)
        .finally(() => {
          isLooking = false;
          run();
        });
    }, INTERVAL);
  };

  return {
    join: (id, options) => {
      const key = JSON.stringify([id, options]);
      const known = questions.get(key);
      if (known === undefined && questions.size >= LIMITS.watched)
        throw new WhereaboutsError('overloaded', 'too many questions are being watched');
      const question: Question = known ?? {
        id,
        options,
        listeners: new Set(),
        asked: undefined,
        answer: undefined,
        asking: undefined,
        epochs: new Map(),
        again: undefined,
      };
      return {
        current: async () => {
          if (question.answer === undefined) await ask(question);
          if (question.answer === undefined)
            throw new WhereaboutsError('internal-error', 'a question without an answer');
          return question.answer;
        },
        listen: (listener) => {
          questions.set(key, question);
          question.listeners.add(listener);
          run();
          return () => {
            question.listeners.delete(listener);
            if (question.listeners.size === 0 && questions.get(key) === question) questions.delete(key);
          };
        },
      };
    },
    reconsider: async () => {
      await inTurn([...questions.values()], async (question) => {
        if (question.asked !== undefined) settle(question, await question.asked.again());
      });
    },
  };
}

async function askOnce(context: ClientContext, question: Question): Promise<void> {
  const [round] = askAll(context, [question.id], question.options);
  const asked = await round;
  if (asked === undefined) return;
  // What could not be completed takes nothing from what is known, and is tried again.
  const { outcome } = asked.answer;
  if (outcome === 'unknown') {
    const after = Math.min(AGAIN_LAST, (question.again?.after ?? AGAIN_FIRST / 2) * 2);
    question.again = { at: context.clock() + after, after };
    // Known for a while not to be known is worth telling.
    if (question.answer !== undefined && after < AGAIN_LAST) return;
  } else question.again = undefined;
  question.asked = asked;
  for (const [domain, { epoch }] of asked.seen) question.epochs.set(domain, epoch);
  settle(question, asked.answer);
}

function settle(question: Question, answer: Answer): void {
  question.answer = answer;
  for (const listener of question.listeners) listener();
}

/** Those whose names a directory changed since they were answered, or may have. */
async function findStale(
  context: ClientContext,
  domain: string,
  recent: Map<string, Recent>,
  questions: Iterable<Question>,
): Promise<Question[]> {
  if (context.aside.find(domain) !== undefined) return [];
  const directory = context.directory(domain);
  const until = context.clock() + PATIENCE;
  const head = await directory.head(until, { fresh: true }).catch(() => undefined);
  if (head === undefined) return [];
  const { epoch } = head.leaf;
  const config = formatHex(head.leaf.config);
  const known = recent.get(domain);
  const state: Recent = known?.config === config ? known : { epoch, config, changed: new Map() };
  const isNew = known !== undefined && known !== state;
  recent.set(domain, state);
  for (let next = Math.max(state.epoch + 1, epoch - WINDOW + 1); next <= epoch; next++)
    try {
      state.changed.set(next, await directory.read(until, (source) => readChangedNames(source, head.checkpoint, next)));
    } catch {
      // Not remembered: whoever it may concern is asked about again.
    }
  state.epoch = Math.max(state.epoch, epoch);
  for (const old of state.changed.keys()) if (old <= epoch - WINDOW) state.changed.delete(old);
  return [...questions].filter((question) => {
    const seen = question.epochs.get(domain);
    if (seen === undefined || (seen >= epoch && !isNew)) return false;
    if (!isNew && !mayHaveChanged(question, domain, state, seen)) {
      question.epochs.set(domain, epoch);
      return false;
    }
    return true;
  });
}

function mayHaveChanged({ asked }: Question, domain: string, { epoch, changed }: Recent, seen: number): boolean {
  const names = asked?.seen.get(domain)?.names.map(({ name }) => formatB64u(name)) ?? [];
  for (let next = seen + 1; next <= epoch; next++) {
    const list = changed.get(next);
    if (list === undefined || names.some((name) => list.has(name))) return true;
  }
  return false;
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
