// Evaluation of blinded identifiers (§3): who asks, at whose cost, under which key; the mathematics is protocol/oprf.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { parseB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import type { OprfKey } from '../keys.ts';
import { startWatch } from '../stopwatch.ts';
import { traced } from '../trace.ts';
import { authenticate, type Credentials } from './client-auth.ts';
import { chargeEvaluation, type Balance } from './evaluation-quota.ts';
import { currentKeys } from './keys.ts';

export interface Evaluation {
  readonly key: string;
  readonly evaluated: readonly Uint8Array[];
  readonly proof: Uint8Array;
  readonly balances: readonly Balance[];
}

/** Throws `key-unknown` (with the current `keys`), `element-invalid` (with `index`), or what credentials and quotas say. */
export async function evaluate(
  ctx: DirectoryContext,
  request: { readonly key: string; readonly blinded: readonly string[] },
  credentials: Credentials,
  signal?: AbortSignal,
): Promise<Evaluation> {
  findKey(ctx, request.key);
  const blinded = request.blinded.map(parseElementOctets);
  // Before it costs anybody anything.
  if (!ctx.evaluating.hasRoom(blinded.length)) throw overloaded();
  const caller = await authenticate(ctx, credentials);
  // The point of no return: from here the elements are paid for, whatever they turn out to be.
  const balances = await traced('charge', {}, () => chargeEvaluation(ctx, caller, blinded.length));
  // Taken only now: its end may have come meanwhile, and what is left of it then is zeros.
  const key = findKey(ctx, request.key);
  const elapsed = startWatch();
  const attributes = { 'whereabouts.elements': blinded.length };
  const { evaluated, proof } = await traced('evaluate', { attributes }, () =>
    ctx.evaluating.evaluate(key, blinded, signal),
  );
  ctx.metrics.observe('evaluation_duration_seconds', {}, elapsed());
  ctx.metrics.count('evaluation_elements_total', {}, blinded.length);
  return { key: key.id, evaluated, proof, balances };
}

const overloaded = (): WhereaboutsError =>
  new WhereaboutsError('overloaded', 'too many evaluations wait', { extensions: { retryAfter: 1 } });

function findKey(ctx: DirectoryContext, id: string): OprfKey {
  const keys = currentKeys(ctx);
  const key = keys.find((one) => one.id === id);
  if (key !== undefined) return key;
  throw new WhereaboutsError('key-unknown', undefined, { extensions: { keys: keys.map((one) => one.id) } });
}

/** Only the spelling: whether the octets are an element shows when they are multiplied. */
function parseElementOctets(text: string, index: number): Uint8Array {
  try {
    return parseB64u(text, 32);
  } catch (cause) {
    throw new WhereaboutsError('element-invalid', undefined, { cause, extensions: { index } });
  }
}
