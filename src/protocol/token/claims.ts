// The forms of claims all kinds of tokens share (§4), and what holds of every token: whom it is for, about what, and when.
import { z } from 'zod';
import { isDomain } from '../domain.ts';
import { WhereaboutsError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { parseB64u } from '../wire.ts';

function isB64u(text: string, octets?: number): boolean {
  try {
    parseB64u(text, octets);
    return true;
  } catch {
    return false;
  }
}

/** b64u of so many octets: canonical, so that equal octets are equal texts. */
export const b64u = (octets?: number) => z.string().refine((text) => isB64u(text, octets));

export const domain = z.string().refine(isDomain);

/** Text people may get to see: no control or direction characters that would play tricks on a screen. */
export const text = z
  .string()
  .min(1)
  .refine((value) => !/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(value));

/** NumericDate (RFC 7519 §2), whole seconds here. */
const seconds = z.int().min(0);

/** §5.2: 0 to 2^53−1, which is where JSON numbers stop being exact. */
export const seq = z.int().min(0);

export const times = { iat: seconds, exp: seconds };

/** Claims of the form `schema` asks for; the message names a claim of ours, never one that was sent. */
export function parseClaims<T>(schema: z.ZodType<T>, payload: unknown): T {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  const place = result.error.issues[0]?.path[0];
  const what =
    place === undefined ? 'there is a claim that is not listed' : `the claim ${String(place)} is not as it must be`;
  throw new WhereaboutsError('token-invalid', what);
}

/** Both times against `now`, in seconds. `exp` has no leeway (§4). */
export function verifyTimes({ iat, exp }: { readonly iat: number; readonly exp: number }, now: number): void {
  if (iat > now + LIMITS.clockSkewSeconds) throw new WhereaboutsError('token-invalid', 'issued in the future');
  if (exp <= now) throw new WhereaboutsError('token-invalid', 'expired');
}

/** What a token says of itself: it ends after it begins, and lives no longer than its kind may. */
export function verifyLife({ iat, exp }: { readonly iat: number; readonly exp: number }, longest: number): void {
  if (exp <= iat || exp - iat > longest) throw new WhereaboutsError('token-invalid', 'of a life no such token has');
}

/** Claims that must be exactly what the verifier expects. */
export function verifyExpected(claims: object, expected: Readonly<Record<string, string>>): void {
  const found = new Map<string, unknown>(Object.entries(claims));
  for (const [name, value] of Object.entries(expected))
    if (found.get(name) !== value) throw new WhereaboutsError('token-invalid', `the claim ${name} is another`);
}
