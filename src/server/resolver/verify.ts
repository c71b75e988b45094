// "Is this really Charlie?" (§11.10) as a resolver takes it: one question, or many.
import { z } from 'zod';
import type { VerifyOptions } from '../../client/verify.ts';
import { claimedAccount } from '../../protocol/account-evidence.ts';
import { isDomain } from '../../protocol/domain.ts';
import { LIMITS } from '../../protocol/limits.ts';

const question = { id: z.string(), claims: claimedAccount };

const options = {
  from: z.string().refine(isDomain).optional(),
  region: z.string().length(2).optional(),
};

/** Strict: one question, or `items` of them, and nothing that is unknown. */
export const verifyRequest = z.union([
  z.strictObject({ ...question, ...options }),
  z.strictObject({ items: z.array(z.strictObject(question)).min(1).max(LIMITS.whereIds), ...options }),
]);

/** Everything of a request but whom it is about. */
export const readVerifyOptions = ({ from, region }: z.output<typeof verifyRequest>): VerifyOptions => ({
  ...(from === undefined ? {} : { from }),
  ...(region === undefined ? {} : { region }),
});
