// Who is logged in at the Matrix identity service: random tokens in memory, of which only the hash is kept. Bounded and short of
// life; after a restart clients register again by themselves.
import { sha256 } from '@noble/hashes/sha2.js';
import type { Random } from '../../protocol/oprf.ts';
import { formatB64u, utf8 } from '../../protocol/wire.ts';
import type { Clock } from '../context.ts';

const TOKEN_OCTETS = 32;
const LIFE_MILLISECONDS = 24 * 3_600_000;
/** In all, and for one user: a phone, a few browsers. */
const SESSIONS = 10_000;
const SESSIONS_EACH = 16;

export interface Sessions {
  /** A new token for `user`; where there are too many, the oldest one ends. */
  open(user: string): string;
  /** The user a token was given to, while it lasts. */
  find(token: string): string | undefined;
  close(token: string): void;
}

export function createSessions({ clock, random }: { readonly clock: Clock; readonly random: Random }): Sessions {
  /** In the order they were opened, which is the order they end in. */
  const sessions = new Map<string, { readonly user: string; readonly until: number }>();
  const keyOf = (token: string): string => formatB64u(sha256(utf8(token)));
  const find = (token: string): string | undefined => {
    const session = sessions.get(keyOf(token));
    return session !== undefined && session.until > clock() ? session.user : undefined;
  };
  const makeRoom = (user: string): void => {
    for (const [key, { until }] of sessions) {
      if (until > clock() && sessions.size < SESSIONS) break;
      sessions.delete(key);
    }
    const own = [...sessions].filter(([, session]) => session.user === user);
    for (const [key] of own.slice(0, Math.max(0, own.length - SESSIONS_EACH + 1))) sessions.delete(key);
  };
  return {
    open(user) {
      makeRoom(user);
      const token = formatB64u(random(TOKEN_OCTETS));
      sessions.set(keyOf(token), { user, until: clock() + LIFE_MILLISECONDS });
      return token;
    },
    find,
    close: (token) => void sessions.delete(keyOf(token)),
  };
}
