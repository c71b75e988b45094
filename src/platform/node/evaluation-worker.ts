// What runs in an evaluation thread: one batch after the other, nothing else. Each key is wiped when its batch is done.
import { parentPort } from 'node:worker_threads';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { evaluate } from '../../protocol/oprf.ts';
import { concat } from '../../protocol/wire.ts';
import { openGroup } from '../sodium.ts';
import { systemRandom } from './clock.ts';
import { splitElements, type Answer, type Task } from './evaluation-message.ts';

// The main thread has said so already, if there is no other than noble.
const group = await openGroup(() => undefined);

function answer({ secret, publicKey, blinded }: Task): Answer {
  try {
    const { evaluated, proof } = evaluate(group, { secret, publicKey }, splitElements(blinded), systemRandom);
    return { evaluated: concat(...evaluated), proof };
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    const { index } = error.extensions;
    return { code: error.code, ...(typeof index === 'number' ? { index } : {}) };
  } finally {
    secret.fill(0);
  }
}

parentPort?.on('message', (task: Task) => parentPort?.postMessage(answer(task)));
