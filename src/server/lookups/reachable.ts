// What of an answer (§7) an older protocol may be told. Those have no words for a doubt, for who could read along or for "ask
// again": a route somebody disputes is left out, and where nothing is known nothing is said.
import type { Answer, AnswerRoute } from '../../protocol/answer.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { utf8 } from '../../protocol/wire.ts';

/** What these look-ups need of a client. */
export interface Asker {
  where(identifier: string): Promise<Answer>;
}

const RETRY_SECONDS = 5;

/**
 * The routes that are certain and can be taken, best first. None for whoever is absent and whoever does not want to be found:
 * the two look alike. Throws `quota-exceeded` or `overloaded` where it is not known, which is no "no".
 */
export function reachableRoutes({ outcome, contested, routes, directories }: Answer): readonly AnswerRoute[] {
  if (outcome === 'unknown') {
    const isUsedUp = directories.some(({ code }) => code === 'quota-exceeded');
    throw new WhereaboutsError(isUsedUp ? 'quota-exceeded' : 'overloaded', undefined, {
      extensions: { retryAfter: RETRY_SECONDS },
    });
  }
  if (outcome !== 'found' || contested) return [];
  return routes.filter((route) => !route.contested && route.assurance !== 'claimed' && route.connect !== null);
}

/** The person speaks this language in person: over a bridge of theirs the address would be another one, which only the bridge knows. */
const speaks = ({ connect }: AnswerRoute, protocol: string): boolean =>
  connect?.protocol === protocol && connect.bridges.every(({ side }) => side === 'asker');

// Matrix 1.11, appendices §4.2.2, "historical" user ids included but for what is not printable; server names as §4.1, no IPv6.
const MATRIX_USER = /^@[\x21-\x39\x3b-\x7e]{1,200}:[a-z0-9.-]{1,200}(?::\d{1,5})?$/i;
const MATRIX_USER_OCTETS = 255;

export const isMatrixUser = (text: string): boolean =>
  MATRIX_USER.test(text) && utf8(text).length <= MATRIX_USER_OCTETS;

/** The Matrix user id of a route, where Matrix leads to it. */
export function matrixUserOf(route: AnswerRoute): string | undefined {
  const { address } = route;
  return address !== undefined && speaks(route, 'matrix') && isMatrixUser(address) ? address : undefined;
}

/** Addresses that are URIs as they stand, of schemes that a program which asks can act on. */
const CONTACT_URI = /^(?:sips?|xmpp|matrix|im):[\x21-\x7e]+$/i;
/** A bare JID, and a SIP user at a host: nothing that would have to be escaped. */
const USER_AT_HOST = /^[\w.+~-]{1,64}@[a-z0-9.-]{1,253}$/i;

/** A URI that reaches the person by this route, where there is such a thing. */
export function contactUri(route: AnswerRoute): string | undefined {
  const { address = '' } = route;
  const user = matrixUserOf(route);
  // RFC-to-be of the Matrix URI scheme (Matrix 1.11, appendices §4.5.1): `matrix:u/` and the id without its sigil.
  if (user !== undefined) return `matrix:u/${encodeURIComponent(user.slice(1)).replaceAll('%3A', ':')}`;
  if (CONTACT_URI.test(address) && URL.canParse(address)) return address;
  const scheme = ['xmpp', 'sip'].find((protocol) => speaks(route, protocol));
  return scheme !== undefined && USER_AT_HOST.test(address) ? `${scheme}:${address}` : undefined;
}
