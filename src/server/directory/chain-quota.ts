// What strangers may make the directory keep of identity chains (§10): new chains and links per client address, links per chain.
import type { DirectoryContext, Quota } from '../context.ts';
import type { Charge } from '../store/quotas.ts';
import { subjectOf } from '../store/subject.ts';

const DAY = 86_400;
const CHAINS_PER_ADDRESS: Quota = { capacity: 20, refill: 20, seconds: DAY };
const LINKS_PER_ADDRESS: Quota = { capacity: 200, refill: 200, seconds: DAY };
const LINKS_PER_CHAIN: Quota = { capacity: 50, refill: 50, seconds: DAY };

/** What a new chain costs. */
export const startCharges = (ctx: DirectoryContext, _id: Uint8Array, address: string): Charge[] => [
  {
    policy: 'chains-address',
    quota: ctx.quotas.chainsPerAddress ?? CHAINS_PER_ADDRESS,
    subject: subjectOf(ctx.pepper, 'chains-address', address),
    cost: 1,
  },
];

/** What one more link of the chain `id` costs. */
export const linkCharges = (ctx: DirectoryContext, id: Uint8Array, address: string): Charge[] => [
  {
    policy: 'links-address',
    quota: ctx.quotas.linksPerAddress ?? LINKS_PER_ADDRESS,
    subject: subjectOf(ctx.pepper, 'links-address', address),
    cost: 1,
  },
  {
    policy: 'links-chain',
    quota: ctx.quotas.linksPerChain ?? LINKS_PER_CHAIN,
    subject: subjectOf(ctx.pepper, 'links-chain', id),
    cost: 1,
  },
];
