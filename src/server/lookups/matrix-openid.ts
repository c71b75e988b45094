// Whose OpenID token is this? Asked of the user's homeserver (Matrix 1.11, server-server API §4.1 and §22), within the rules of
// §8.1, and only of homeservers the operator listed: nobody can send us anywhere else.
import type { SafeFetch } from '../../evidence/safe-fetch.ts';
import { isDomain, isLocal } from '../../protocol/domain.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { parseJsonObject } from '../../protocol/json.ts';
import { isMatrixUser } from './reachable.ts';

/** Where a homeserver is found that says nothing else. */
const PORT = 8448;
/** Static files come as all sorts of types; the specification says to read them all the same. */
const FILE_TYPES = ['application/json', 'text/plain', 'application/octet-stream'];
const OCTETS = 8_192;

/** The user id the homeserver `server` says `token` is of. Throws `credentials-invalid` and `peer-unreachable`. */
export async function verifyOpenId(get: SafeFetch, server: string, token: string): Promise<string> {
  // The token stands in the URL by that standard: what fails here must not repeat it, and no cause is kept.
  const url = new URL(`${await findBase(get, server)}/_matrix/federation/v1/openid/userinfo`);
  url.searchParams.set('access_token', token);
  const reply = await get(url.href, { accept: ['application/json'], maxOctets: OCTETS, describedPort: true }).catch(
    () => undefined,
  );
  if (reply === undefined || reply.status >= 500) throw new WhereaboutsError('peer-unreachable');
  if (reply.status !== 200) throw new WhereaboutsError('credentials-invalid');
  const user = readMember(reply.body, 'sub');
  // A homeserver speaks for its own users only.
  if (user === undefined || !isMatrixUser(user) || user.slice(user.indexOf(':') + 1) !== server)
    throw new WhereaboutsError('credentials-invalid');
  return user;
}

/** Base URL of a server name: as its `/.well-known/matrix/server` delegates, else the name itself. */
async function findBase(get: SafeFetch, server: string): Promise<string> {
  const origin = isLocal(server) ? `http://${server}` : `https://${server}`;
  const fallback = isLocal(server) ? origin : `${origin}:${PORT}`;
  const reply = await get(`${origin}/.well-known/matrix/server`, { accept: FILE_TYPES, maxOctets: OCTETS }).catch(
    () => undefined,
  );
  if (reply?.status !== 200) return fallback;
  const [, host = '', port] = /^([a-z0-9.-]+)(?::(\d{1,5}))?$/.exec(readMember(reply.body, 'm.server') ?? '') ?? [];
  const delegated = isLocal(host) ? `http://${host}` : `https://${host}:${port ?? PORT}`;
  return isDomain(host) && URL.canParse(delegated) ? delegated : fallback;
}

function readMember(body: Uint8Array, name: string): string | undefined {
  try {
    const value = parseJsonObject(body)[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
