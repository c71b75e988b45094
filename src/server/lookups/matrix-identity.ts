// Matrix identity look-ups (Matrix 1.11, Identity Service API §7): addresses of a list → the Matrix users they belong to. Hashes
// are not offered: an unsalted hash of a phone number hides nothing, and the blind protocol needs the number.
import { z } from 'zod';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Client } from '../../client/client.ts';
import { matrixUserOf, reachableRoutes } from './reachable.ts';

export const ALGORITHM = 'none';
/** The version of the specification whose look-ups these are. */
export const VERSIONS = ['v1.11'];

// Unknown members are ignored, as Matrix wants it.
export const registerRequest = z.object({
  access_token: z.string().min(1).max(4_096),
  token_type: z.literal('Bearer').optional(),
  matrix_server_name: z.string().min(1).max(255),
});

export const termsRequest = z.object({ user_accepts: z.array(z.string()) });

export const lookupRequest = z.object({
  addresses: z.array(z.string().max(1_024)).max(LIMITS.whereIds),
  algorithm: z.string(),
  pepper: z.string(),
});

/** `address medium`, the two of the third-party identifiers that Matrix knows (appendices §5); others belong to nobody. */
const PAIR = /^(.+) (email|msisdn)$/s;

/** The identifier an address of algorithm `none` means; undefined where it is of another medium. */
export function identifierOf(address: string): string | undefined {
  const [, value = '', medium] = PAIR.exec(address) ?? [];
  if (medium === undefined) return undefined;
  return medium === 'email' ? `mailto:${value}` : `tel:+${value.replace(/^\+/, '')}`;
}

/**
 * Matrix user ids by address as it was sent; who has none is not in it. Throws like `reachableRoutes` as soon as one answer is
 * unknown: left out, it would say that nobody is there.
 */
export async function mapAddresses(
  client: Pick<Client, 'whereMany'>,
  addresses: readonly string[],
): Promise<Record<string, string>> {
  const asked = [...new Set(addresses)].flatMap((address) => {
    const identifier = identifierOf(address);
    return identifier === undefined ? [] : [{ address, identifier }];
  });
  const found: [string, string][] = [];
  let place = 0;
  for await (const answer of client.whereMany(asked.map(({ identifier }) => identifier))) {
    const address = asked[place]?.address;
    place += 1;
    // No number at all, such as a short code of an address book: nobody's.
    if (answer.outcome === 'invalid' || address === undefined) continue;
    const user = reachableRoutes(answer)
      .map(matrixUserOf)
      .find((one) => one !== undefined);
    if (user !== undefined) found.push([address, user]);
  }
  return Object.fromEntries(found);
}

/** Refuses what hash_details does not offer, in the words of the specification. */
export function checkAlgorithm(request: z.output<typeof lookupRequest>, pepper: string): void {
  if (request.algorithm !== ALGORITHM)
    throw new WhereaboutsError('request-invalid', 'the algorithm is not supported', {
      extensions: { errcode: 'M_INVALID_PARAM' },
    });
  if (request.pepper !== pepper)
    throw new WhereaboutsError('request-invalid', 'the pepper is another one by now', {
      extensions: { errcode: 'M_INVALID_PEPPER' },
    });
}
