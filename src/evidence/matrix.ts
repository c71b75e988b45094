// Matrix (§9.3): the profile, which everybody may ask the account's own server for, or a message in a room everybody may read,
// whose author is `sender`. Reading an event takes a token: the operator's, or that of a guest, which servers give to anybody.
import { z } from 'zod';
import { isServiceUrl } from '../protocol/domain.ts';
import { ask, isMissing, readAs, type EvidenceContext, type FindStatement, type LinkedClaim } from './ask.ts';
import { withoutQuotes } from './marker.ts';
import { unreached, type Finding } from './verdict.ts';

const CLIENT = z.object({ 'm.homeserver': z.object({ base_url: z.string() }) });
const PROFILE = z.record(z.string(), z.unknown());
const ERROR = z.object({ errcode: z.string() });
const GUEST = z.object({ access_token: z.string().regex(/^[\x21-\x7e]{1,4096}$/) });
const VISIBILITY = z.object({ history_visibility: z.string() });
const EVENT = z.object({
  event_id: z.string(),
  sender: z.string(),
  type: z.string(),
  content: z.looseObject({ body: z.unknown().optional(), 'm.relates_to': z.unknown().optional() }),
  unsigned: z.looseObject({ redacted_because: z.unknown().optional() }).optional(),
});

export const findOnMatrix: FindStatement = async (claim, ctx) => {
  if (claim.where === undefined) return await findInProfile(claim, ctx);
  const [room = '', event = ''] = claim.where.split('/$');
  const own = ctx.tokens?.matrix;
  const base = own?.url ?? (await findServer(claim, ctx));
  const token = own?.token ?? (await becomeGuest(base, ctx));
  return await findInRoom({ base, token, room, event: `$${event}` }, ctx);
};

/** Where the account's server has its client API (Client-Server API, "Server discovery"). */
async function findServer({ account }: LinkedClaim, ctx: EvidenceContext): Promise<string> {
  const server = account.slice(account.indexOf(':') + 1);
  // Served as a file more often than not, and with whatever type the web server gives it.
  const accept = ['application/json', 'application/octet-stream', 'text/plain'];
  const reply = await ask(ctx, `https://${server}/.well-known/matrix/client`, { accept });
  if (isMissing(reply)) return `https://${server}`;
  const base = readAs(CLIENT, reply)['m.homeserver'].base_url.replace(/\/$/, '');
  if (!isServiceUrl(base, { sandbox: false }) || new URL(base).search !== '') throw unreached('answer-unusable');
  return base;
}

async function findInProfile(claim: LinkedClaim, ctx: EvidenceContext): Promise<Finding> {
  const base = await findServer(claim, ctx);
  const reply = await ask(ctx, `${base}/_matrix/client/v3/profile/${encodeURIComponent(claim.account)}`);
  if (isMissing(reply)) return missing(reply, 'account-missing');
  const texts = Object.entries(readAs(PROFILE, reply)).filter(([name]) => name !== 'avatar_url');
  return { author: claim.account, texts: texts.map(([, value]) => value).filter((value) => typeof value === 'string') };
}

/** A 404 without the errcode is a server's that is no homeserver, and says nothing. */
function missing(reply: Parameters<typeof readAs>[1], none: 'account-missing' | 'post-missing'): Finding {
  if (readAs(ERROR, reply).errcode !== 'M_NOT_FOUND') throw unreached('answer-unusable');
  return { none };
}

async function becomeGuest(base: string, ctx: EvidenceContext): Promise<string> {
  const reply = await ask(ctx, `${base}/_matrix/client/v3/register?kind=guest`, { body: '{}' });
  if (isMissing(reply)) throw unreached('access-denied');
  return readAs(GUEST, reply).access_token;
}

async function findInRoom(
  at: { readonly base: string; readonly token: string; readonly room: string; readonly event: string },
  ctx: EvidenceContext,
): Promise<Finding> {
  const { base, token, room, event } = at;
  const url = `${base}/_matrix/client/v3/rooms/${encodeURIComponent(room)}`;
  const question = { headers: { authorization: `Bearer ${token}` }, also: [403] };
  // The operator's account may be in rooms that are not for everybody.
  const visible = await ask(ctx, `${url}/state/m.room.history_visibility/`, question);
  if (visible.status === 403) return forbidden(visible);
  if (isMissing(visible)) return missing(visible, 'post-missing');
  if (readAs(VISIBILITY, visible).history_visibility !== 'world_readable') return { none: 'post-hidden' };
  const reply = await ask(ctx, `${url}/event/${encodeURIComponent(event)}`, question);
  if (reply.status === 403) return forbidden(reply);
  if (isMissing(reply)) return missing(reply, 'post-missing');
  const { event_id: id, sender, type, content, unsigned } = readAs(EVENT, reply);
  if (id !== event) throw unreached('answer-unusable');
  if (unsigned?.redacted_because !== undefined || Object.keys(content).length === 0) return { none: 'post-missing' };
  const text = type === 'm.room.message' && typeof content.body === 'string' ? withoutQuotes(content.body) : '';
  return { author: sender, texts: [text] };
}

/** Only this errcode says that the room is not for everybody; a firewall says 403 too. */
function forbidden(reply: Parameters<typeof readAs>[1]): Finding {
  if (readAs(ERROR, reply).errcode !== 'M_FORBIDDEN') throw unreached('access-denied');
  return { none: 'post-hidden' };
}
