// What an import offers: accounts in this protocol's spelling, and what it has no service for. Offered is not proved: each
// account is still to be checked where it is (§9.3).
import { parseAccount, parseClaim, isService, type AccountClaim } from '../protocol/account.ts';

export interface Offered extends AccountClaim {
  /** Unix seconds, as its owner says. */
  readonly since?: number;
  /** What the other system had posted there, for who wants to find it. */
  readonly statement?: string;
}

/** An account on a service this protocol has no row for, in the other system's words: text of strangers. */
export interface Foreign {
  readonly service: string;
  readonly account: string;
  readonly since?: number;
}

/** The account in this protocol's spelling; undefined where it has no such service, or none of its accounts looks so. */
export function findAccount(service: string, account: string, where?: string): AccountClaim | undefined {
  if (!isService(service)) return undefined;
  try {
    const normal = parseAccount(service, account);
    return where === undefined ? { service, account: normal } : parseClaim({ service, account: normal, where });
  } catch {
    return undefined;
  }
}
