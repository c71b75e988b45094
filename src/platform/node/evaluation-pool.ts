// Evaluations in worker threads, so that reads never wait for a batch. Small ones are done where they are asked for: sending them
// would cost as much. What nobody waits for any more is not begun; how much may wait is bounded.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Group } from '../../protocol/group.ts';
import { evaluate, type Evaluation, type Random } from '../../protocol/oprf.ts';
import { concat } from '../../protocol/wire.ts';
import type { Evaluating } from '../../server/context.ts';
import { ELEMENT_OCTETS, splitElements, type Answer, type Task } from './evaluation-message.ts';

/** Batches up to this size are done at once, in this thread: about a millisecond. */
const SMALL = 4;
/** Elements that may wait: some three seconds' work of one core. */
const MAX_WAITING = 16_384;
const MAX_THREADS = 16;

interface Job {
  readonly task: Task;
  readonly signal: AbortSignal | undefined;
  readonly settle: PromiseWithResolvers<Evaluation>;
}

export interface EvaluationPool extends Evaluating {
  /** Elements that wait for a thread. */
  waiting(): number;
  close(): Promise<void>;
}

/** Threads are started when the first large batch comes. */
export function openEvaluationPool(parts: { group: Group; random: Random; threads?: number }): EvaluationPool {
  const { group, random, threads = Math.min(availableParallelism(), MAX_THREADS) } = parts;
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const all = new Map<Worker, Job | undefined>();
  let isClosed = false;

  const start = (): Worker => {
    const worker = new Worker(new URL(`evaluation-worker${import.meta.url.slice(-3)}`, import.meta.url), {
      // Nothing of the process's: neither settings nor secrets.
      env: {},
      argv: [],
      execArgv: [],
    });
    worker.unref();
    all.set(worker, undefined);
    worker.on('message', (answer: Answer) => {
      const job = all.get(worker);
      all.set(worker, undefined);
      idle.push(worker);
      if (job !== undefined) settle(job, answer);
      next();
    });
    worker.once('error', () => undefined);
    worker.once('exit', () => {
      const job = all.get(worker);
      all.delete(worker);
      const at = idle.indexOf(worker);
      if (at !== -1) idle.splice(at, 1);
      job?.settle.reject(
        isClosed ? overloaded('shutting down') : new WhereaboutsError('internal-error', 'an evaluation thread ended'),
      );
      next();
    });
    return worker;
  };

  const next = (): void => {
    for (let [job] = waiting; job !== undefined; [job] = waiting) {
      const isAbandoned = job.signal?.aborted === true;
      const worker = isAbandoned ? undefined : (idle.pop() ?? (all.size < threads ? start() : undefined));
      if (worker === undefined && !isAbandoned) return;
      waiting.shift();
      if (worker === undefined) {
        refuse(job, abandoned());
        continue;
      }
      all.set(worker, job);
      // The copy of the key is moved, and wiped over there.
      worker.postMessage(job.task, [job.task.secret.buffer]);
    }
  };

  const countWaiting = (): number => waiting.reduce((sum, job) => sum + countElements(job), 0);

  return {
    waiting: countWaiting,
    hasRoom: (elements) => elements <= SMALL || countWaiting() + elements <= MAX_WAITING,
    evaluate: async (key, blinded, signal) => {
      if (signal?.aborted === true) throw abandoned();
      if (blinded.length <= SMALL || isClosed) return evaluate(group, key, blinded, random);
      const settle = Promise.withResolvers<Evaluation>();
      // The key as it is now: should its end come while this waits, what is left of it is zeros.
      const secret = Uint8Array.from(key.secret);
      const task = { secret, publicKey: key.publicKey, blinded: concat(...blinded) };
      waiting.push({ task, signal, settle });
      next();
      return settle.promise;
    },
    close: async () => {
      isClosed = true;
      for (const job of waiting.splice(0)) refuse(job, overloaded('shutting down'));
      await Promise.all(Array.from(all.keys(), (worker) => worker.terminate()));
    },
  };
}

function refuse({ task, settle: job }: Job, error: WhereaboutsError): void {
  task.secret.fill(0);
  job.reject(error);
}

const countElements = ({ task }: Job): number => task.blinded.length / ELEMENT_OCTETS;

const overloaded = (why: string): WhereaboutsError =>
  new WhereaboutsError('overloaded', why, { extensions: { retryAfter: 1 } });
const abandoned = (): WhereaboutsError => overloaded('nobody waits for this evaluation any more');

function settle({ settle: job }: Job, answer: Answer): void {
  if ('code' in answer) {
    const { code, index } = answer;
    job.reject(new WhereaboutsError(code, undefined, index === undefined ? {} : { extensions: { index } }));
  } else job.resolve({ evaluated: splitElements(answer.evaluated), proof: answer.proof });
}
