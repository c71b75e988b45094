// The quotas of §10 as an operator sets them. How one is written is quota-text's.
import type { Quota, Quotas } from './context.ts';
import type { Values } from './config.ts';

/** Nothing at all. */
export const NONE: Quota = { capacity: 0, refill: 0, seconds: 60 };

/** The quotas of §10 from their settings. */
export function quotasOf(values: Values): Quotas {
  return {
    endUser: values.quotaEndUser ?? NONE,
    gatekeeper: values.quotaGatekeeper ?? NONE,
    unlisted: values.quotaUnlisted ?? NONE,
    anonymous: values.quotaAnonymous ?? NONE,
    changesPerNameAndIssuer: values.quotaChanges ?? NONE,
    writesPerIssuer: values.quotaWrites ?? NONE,
    writesPerListedIssuer: values.quotaWritesListed ?? NONE,
    fetches: values.quotaFetches ?? NONE,
    fetchesPerAddress: values.quotaFetchesPerAddress ?? NONE,
    chainsPerAddress: values.quotaChains ?? NONE,
    linksPerAddress: values.quotaLinksPerAddress ?? NONE,
    linksPerChain: values.quotaLinks ?? NONE,
    unlistedRecords: values.quotaRecords ?? 0,
  };
}
