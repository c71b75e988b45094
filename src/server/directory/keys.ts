// Which OPRF keys are in use now, and the text that commits to them (§6.3).
import { formatConfigText, parseConfigText } from '../../protocol/config-text.ts';
import type { DirectoryContext } from '../context.ts';
import { nowSeconds } from './times.ts';

/** Keys in use, ascending by id; one past its announced end is none. */
export function currentKeys(ctx: DirectoryContext): DirectoryContext['oprfKeys'] {
  const now = nowSeconds(ctx);
  return ctx.oprfKeys.filter(({ until }) => until === undefined || until > now);
}

/** The log's origin. */
export const originOf = ({ domain }: Pick<DirectoryContext, 'domain'>): string => `${domain}/whereabouts`;

/** The text over the keys in use: what the next epoch commits to. */
export function configText(ctx: DirectoryContext): string {
  const keys = currentKeys(ctx).map(({ id, publicKey, until }) => ({
    id,
    publicKey,
    ...(until === undefined ? {} : { until }),
  }));
  return formatConfigText({ origin: originOf(ctx), keys });
}

/**
 * Id of the key that registrations go under (§6.3): the one without an end in the announced text, or before the first epoch
 * in ours. The announced one counts: during a rotation instances may run with different keys for a while.
 */
export function registrationKey(ctx: DirectoryContext, announced: string | undefined): string {
  const keys = announced === undefined ? currentKeys(ctx) : parseConfigText(announced).keys;
  return keys.find(({ until }) => until === undefined)?.id ?? '';
}
