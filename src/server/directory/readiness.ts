// Whether a directory can do its work (§13): what a load balancer asks before it sends anybody. Says yes or no to strangers; why
// not stands in the log, once.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { equalOctets, parseHex } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { codedFailure, describeFailure, RETRY_SECONDS } from '../failure.ts';
import type { OprfKey } from '../keys.ts';
import { checkReady } from '../store/database.ts';
import { currentKeys } from './keys.ts';
import { readPublished } from './published.ts';
import { within } from './sequencer/waiting.ts';

/** Longer than that nobody is kept waiting for the database. */
const ANSWER_MILLISECONDS = 3_000;

/** The generator of ristretto255 (RFC 9496 §4.6): evaluated under a key it is that key's public half. */
const GENERATOR = parseHex('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76', 32);

/** Throws `overloaded`, and nothing else, while the directory cannot do its work. Those who ask at once share one look. */
export function createReadiness(ctx: DirectoryContext): () => Promise<void> {
  const proven = new WeakSet<OprfKey>();
  let looking: Promise<void> | undefined;
  let said: string | undefined;
  const say = (why: string | undefined, error?: unknown): void => {
    if (why === said) return;
    said = why;
    if (why === undefined) ctx.log.info('ready');
    else ctx.log.warn('not-ready', { why, ...(error === undefined ? {} : describeFailure(error)) });
  };
  const look = async (): Promise<void> => {
    const why = await findTrouble(ctx, proven);
    say(why?.why, why?.cause);
    if (why === undefined) return;
    throw new WhereaboutsError('overloaded', undefined, {
      cause: why.cause,
      extensions: { retryAfter: RETRY_SECONDS },
    });
  };
  return () =>
    (looking ??= look().finally(() => {
      looking = undefined;
    }));
}

interface Trouble {
  readonly why: 'database' | 'schema' | 'keys' | 'log';
  readonly cause?: unknown;
}

async function findTrouble(ctx: DirectoryContext, proven: WeakSet<OprfKey>): Promise<Trouble | undefined> {
  if (!(await areUsable(ctx, proven))) return { why: 'keys' };
  try {
    const isCurrent = await within(ANSWER_MILLISECONDS, checkReady(ctx.db));
    if (isCurrent === undefined) return { why: 'database' };
    if (!isCurrent) return { why: 'schema' };
    const published = await within(ANSWER_MILLISECONDS, readPublished(ctx));
    if (published === undefined) return { why: 'database' };
    // Clients refuse what is older (§6.6), whatever else works.
    const age = ctx.clock() - published.said.time;
    return age > LIMITS.epochAgeSeconds * 1_000 ? { why: 'log' } : undefined;
  } catch (cause) {
    return { why: codedFailure(cause).code === 'overloaded' ? 'database' : 'schema', cause };
  }
}

/** A key to register under is there, and every key does what it is for: told by evaluating once, and that it was not wiped since. */
async function areUsable(ctx: DirectoryContext, proven: WeakSet<OprfKey>): Promise<boolean> {
  const keys = currentKeys(ctx);
  for (const key of keys) {
    if (key.secret.every((octet) => octet === 0)) return false;
    if (proven.has(key)) continue;
    const done = await ctx.evaluating.evaluate(key, [GENERATOR]).catch(() => undefined);
    const [evaluated] = done?.evaluated ?? [];
    if (evaluated === undefined || !equalOctets(evaluated, key.publicKey)) return false;
    proven.add(key);
  }
  return keys.some(({ until }) => until === undefined);
}
