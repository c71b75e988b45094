// Which configuration an epoch commits to (§6.3, §10). Instances may run with different keys for a while, and a wrong keys file
// may be put in place: what was announced to everybody is changed only as the protocol allows, else it stays as it is.
import { sha256 } from '@noble/hashes/sha2.js';
import { parseConfigText, type ConfigKey } from '../../../protocol/config-text.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { compareOctets, utf8 } from '../../../protocol/wire.ts';
import type { DirectoryContext } from '../../context.ts';
import { listConfigs } from '../../store/configs.ts';
import { configText, nextKeys } from '../keys.ts';
import { nowSeconds } from '../times.ts';
import type { Announced } from './flight.ts';

export interface EpochConfig {
  /** SHA-256 of the text. */
  readonly hash: Uint8Array;
  /** The text, where it is new with this epoch. */
  readonly text?: string;
  /** Ids of keys that end with this epoch: their records leave with it. */
  readonly retired: readonly string[];
}

/** Why a configuration is held back. */
export type Held =
  /** A key in use is not among ours, and its end has not come (or was never announced). */
  | 'key-missing'
  /** The announced end of a key would be taken back or moved earlier. */
  | 'end-earlier'
  /** A key that was used up would be brought back, or one brought in that ends already. */
  | 'key-past'
  /** There is not exactly one key without an end. */
  | 'key-count';

/** The configuration of the next epoch; `last` is that of the newest one. */
export async function chooseConfig(ctx: DirectoryContext, last: Uint8Array | undefined): Promise<EpochConfig> {
  const { memory } = ctx.flight;
  const keys = nextKeys(ctx);
  const text = configText(ctx, keys);
  const hash = sha256(utf8(text));
  if (last === undefined) {
    if (keys.length === 0) throw new WhereaboutsError('config-invalid', 'no OPRF key is in use');
    return { hash, text, retired: [] };
  }
  if (compareOctets(hash, last) === 0) {
    memory.announced = { keys, past: memory.announced?.past ?? new Set() };
    return { hash, retired: [] };
  }
  const announced = await readAnnounced(ctx, last);
  memory.announced = announced;
  const held = judgeKeys(announced, keys, nowSeconds(ctx), ctx.abandoned);
  if (held !== undefined) {
    sayHeld(ctx, held);
    return { hash: last, retired: [] };
  }
  const stays = new Set(keys.map(({ id }) => id));
  return { hash, text, retired: announced.keys.map(({ id }) => id).filter((id) => !stays.has(id)) };
}

/** The epoch with this configuration is committed: its keys and ends count from now on. */
export function noteConfig({ flight: { memory } }: DirectoryContext, { text, retired }: EpochConfig): void {
  if (text === undefined) return;
  memory.announced = {
    keys: parseConfigText(text).keys,
    past: new Set([...(memory.announced?.past ?? []), ...retired]),
  };
}

/**
 * Whether `keys` may take the place of those announced; the reason why not. A key comes without an end, then its end is
 * announced, then it leaves, once that has come: clients and issuers had all that time (§10).
 */
export function judgeKeys(
  announced: Announced,
  keys: readonly ConfigKey[],
  now: number,
  abandoned?: string,
): Held | undefined {
  if (keys.filter(({ until }) => until === undefined).length !== 1) return 'key-count';
  const next = new Map(keys.map((key) => [key.id, key]));
  for (const { id, until } of announced.keys) {
    const key = next.get(id);
    if (key === undefined && (until === undefined || until > now) && id !== abandoned) return 'key-missing';
    if (key !== undefined && until !== undefined && (key.until ?? -1) < until) return 'end-earlier';
  }
  const isPast = ({ id, until }: ConfigKey): boolean => until !== undefined || announced.past.has(id);
  return keys.some((key) => isPast(key) && announced.keys.every(({ id }) => id !== key.id)) ? 'key-past' : undefined;
}

async function readAnnounced({ db }: DirectoryContext, last: Uint8Array): Promise<Announced> {
  const texts = await listConfigs(db);
  const newest = texts.find(({ hash }) => compareOctets(hash, last) === 0);
  if (newest === undefined) throw new WhereaboutsError('internal-error', 'the configuration of an epoch is missing');
  const { keys } = parseConfigText(newest.text);
  const ever = texts.flatMap(({ text }) => parseConfigText(text).keys.map(({ id }) => id));
  return { keys, past: new Set(ever.filter((id) => keys.every((key) => key.id !== id))) };
}

const SAY_MILLISECONDS = 60_000;

/** Once a minute: the operator has to know, and needs not read it every second. */
function sayHeld({ flight, log, clock }: DirectoryContext, why: Held): void {
  const { memory } = flight;
  const at = clock();
  if (memory.held?.why === why && at - memory.held.at < SAY_MILLISECONDS) return;
  memory.held = { why, at };
  log.error('config-held', { why });
}
