// What an issuer is asked (§4.6), as shapes. Strict: unknown members are refused.
import { z } from 'zod';
import { LIMITS } from '../../protocol/limits.ts';

/** The body of a request for a nonce, where there is one. */
export const nonceRequest = z.strictObject({});
/** The body of a request for an attestation. */
export const attestRequest = z.strictObject({
  directory: z.string().max(253),
  // Longer than any identifier in any notation (§2), so that a long one is `identifier-invalid` and not a wrong shape.
  identifier: z.string().max(1_024),
  region: z.string().max(8).optional(),
  possession: z.string().max(LIMITS.tokenOctets),
});
