// Numbers in paths and queries: plain decimals, one spelling each, so that one thing has one address.
import { WhereaboutsError } from '../../protocol/errors.ts';

/** A decimal without sign and leading zero up to `most`; anything else throws `request-invalid` with `what` it should be. */
export function parsePlain(text: string, most: number, what: string): number {
  const value = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Infinity;
  if (value > most) throw new WhereaboutsError('request-invalid', what);
  return value;
}
