// A network that a gatekeeper's user adds (§7). Strict: unknown members are refused.
import { z } from 'zod';
import { isDomain } from '../../protocol/domain.ts';

const domain = z.string().refine(isDomain);

export const networkRequest = z.strictObject({ domain, from: domain.optional() });
