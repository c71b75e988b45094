// Which OPRF keys are in use now, and the text that commits to them (§6.3).
import { formatConfigText, parseConfigText, type ConfigKey } from '../../protocol/config-text.ts';
import type { DirectoryContext } from '../context.ts';
import type { OprfKey } from '../keys.ts';
import { nowSeconds } from './times.ts';

type KeyContext = Pick<DirectoryContext, 'oprfKeys' | 'flight' | 'clock'>;

const isOver = (until: number | undefined, now: number): boolean => until !== undefined && until <= now;

/**
 * Keys that are evaluated under, ascending by id. The end that stands in the log is the one that counts: another instance may
 * have been told earlier that it was moved. A key that is not in the log any more is not evaluated under.
 */
export function currentKeys(ctx: KeyContext): readonly OprfKey[] {
  const now = Math.floor(ctx.clock() / 1000);
  const { announced } = ctx.flight.memory;
  return ctx.oprfKeys.filter(({ id, until }) => {
    const listed = announced?.keys.find((key) => key.id === id);
    if (listed !== undefined) return !isOver(listed.until, now);
    // Not announced yet, or not any more.
    return announced === undefined ? !isOver(until, now) : until === undefined && !announced.past.has(id);
  });
}

/** Keys to be destroyed: past their end, and no epoch to come will list them. */
export function endedKeys(ctx: KeyContext): readonly OprfKey[] {
  const now = Math.floor(ctx.clock() / 1000);
  const { announced } = ctx.flight.memory;
  if (announced === undefined) return [];
  return ctx.oprfKeys.filter(({ id, until }) => isOver(until, now) && announced.keys.every((key) => key.id !== id));
}

/** The log's origin. */
export const originOf = ({ domain }: Pick<DirectoryContext, 'domain'>): string => `${domain}/whereabouts`;

/** The keys the next epoch is to list, as far as this instance knows: those at hand that have not ended. */
export function nextKeys(ctx: DirectoryContext): readonly ConfigKey[] {
  const now = nowSeconds(ctx);
  return ctx.oprfKeys
    .filter(({ until }) => !isOver(until, now))
    .map(({ id, publicKey, until }) => ({ id, publicKey, ...(until === undefined ? {} : { until }) }));
}

/** The text over such keys. */
export const configText = (ctx: DirectoryContext, keys: readonly ConfigKey[]): string =>
  formatConfigText({ origin: originOf(ctx), keys });

/**
 * Id of the key that registrations go under (§6.3): the one without an end in the announced text, or before the first epoch
 * in ours. The announced one counts: during a rotation instances may run with different keys for a while.
 */
export function registrationKey(ctx: DirectoryContext, announced: string | undefined): string {
  const keys = announced === undefined ? currentKeys(ctx) : parseConfigText(announced).keys;
  return keys.find(({ until }) => until === undefined)?.id ?? '';
}
