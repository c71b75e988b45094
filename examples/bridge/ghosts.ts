// Ghosts on a Matrix-shaped homeserver: users `@_whereabouts_…` that an application service makes and writes as, one for each person
// elsewhere. Their names are its exclusive namespace: nobody else can have one.
import { createHash } from 'node:crypto';

/** One network, named as its homeserver is: the conversation's room there, and the tokens of the registration. */
export interface Attachment {
  readonly network: string;
  readonly homeserver: string;
  readonly room: string;
  readonly asToken: string;
  readonly hsToken: string;
}

const PREFIX = '_whereabouts_';
const RETRY_MILLISECONDS = 2_000;

const localOf = (person: string): string =>
  PREFIX +
  Buffer.from(person)
    .toString('latin1')
    .replaceAll(/[^a-z0-9.-]/g, escape);
const escape = (one: string): string => `=${one.charCodeAt(0).toString(16).padStart(2, '0')}`;

export const isGhost = (user: string, network: string): boolean =>
  user.startsWith(`@${PREFIX}`) && user.endsWith(`:${network}`);

/** Whom a ghost stands for. */
export function personOf(ghost: string): string {
  const local = ghost.slice(PREFIX.length + 1, ghost.indexOf(':'));
  const octets = local.replaceAll(/=([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1').toString();
}

/** Asks homeservers on behalf of ghosts, again and again for as long as one is away, until `signal` is aborted. */
export function createGhosts(signal: AbortSignal) {
  const there = new Set<string>();

  async function call({ homeserver, asToken }: Attachment, method: string, path: string, body: object): Promise<void> {
    const headers = { authorization: `Bearer ${asToken}`, 'content-type': 'application/json' };
    const url = `${homeserver}/_matrix/client/v3/${path}`;
    for (let wait = 50; ; wait = Math.min(wait * 2, RETRY_MILLISECONDS)) {
      signal.throwIfAborted();
      const reply = await fetch(url, { method, headers, signal, body: JSON.stringify(body) }).catch(() => undefined);
      const json: unknown = await reply?.json().catch(() => undefined);
      const isAway = reply === undefined || reply.status === 429 || reply.status >= 500;
      if (!isAway && !reply.ok && !JSON.stringify(json).includes('M_USER_IN_USE')) throw new Error('refused');
      if (!isAway) return;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /** Makes the ghost, in the room; once. */
  async function appear(on: Attachment, person: string): Promise<{ readonly path: string; readonly as: string }> {
    const username = localOf(person);
    const user = `@${username}:${on.network}`;
    const ghost = { path: `rooms/${encodeURIComponent(on.room)}`, as: `user_id=${encodeURIComponent(user)}` };
    if (there.has(user)) return ghost;
    await call(on, 'POST', 'register', { type: 'm.login.application_service', username, inhibit_login: true });
    await call(on, 'POST', `${ghost.path}/join?${ghost.as}`, {});
    there.add(user);
    return ghost;
  }

  return {
    appear,
    /** Writes as somebody's ghost. The same id again is the same transaction, which a homeserver takes once. */
    async write(on: Attachment, person: string, id: string, content: object): Promise<void> {
      const { path, as } = await appear(on, person);
      const transaction = createHash('sha256').update(id).digest('hex');
      await call(on, 'PUT', `${path}/send/m.room.message/${transaction}?${as}`, content);
    },
  };
}
