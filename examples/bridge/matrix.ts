// A bridge between Matrix-shaped networks in a conversation: an application service of each homeserver. What becomes of a message and
// who stands for whom is the SDK's to say (`next`, `represents`); this carries it. Whoever plans is docs/conversations.md.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { Conversation, ConversationMemory, ConversationMessage } from 'whereabouts';
import { createGhosts, isGhost, personOf, type Attachment } from './ghosts.ts';

/** What a ghost's message says of the one it stands for, beside the text. */
interface Carried extends ConversationMessage {
  readonly sender: string;
}
export interface Message extends Carried {
  readonly body: string;
}
interface Event {
  readonly type: string;
  readonly event_id: string;
  readonly room_id: string;
  readonly sender: string;
  readonly content: { readonly body?: unknown; readonly whereabouts?: Partial<Carried> };
  /** By the homeserver: the epoch of the plan that its network had (protocol.md §11.7). */
  readonly unsigned?: { readonly 'whereabouts.epoch'?: number };
}

const TRANSACTIONS = 1_000;
const PATH = /^\/_matrix\/app\/v1\/(transactions|users)\/([^/?]+)$/;

export interface MatrixBridgeOptions {
  readonly conversation: Conversation<Message>;
  readonly attachments: readonly Attachment[];
  /** Stores what must outlive the process; called before a message goes out. */
  readonly keep: (memory: ConversationMemory) => void;
}

export function createMatrixBridge({ conversation, attachments, keep }: MatrixBridgeOptions) {
  const closed = new AbortController();
  const ghosts = createGhosts(closed.signal);
  const transactions = new Map<string, Promise<void>>();

  async function take({ body, ...whereabouts }: Message, from: string): Promise<void> {
    const next = conversation.next({ body, ...whereabouts }, from);
    if (next.do !== 'forward') return;
    keep(conversation.save());
    const { id, sender } = whereabouts;
    const content = { msgtype: 'm.text', body, whereabouts };
    const to = attachments.filter(({ network }) => next.to.includes(network));
    // One that refuses keeps it from nobody else.
    await Promise.allSettled(to.map((network) => ghosts.write(network, sender, id, content)));
  }

  async function hear({ network, room }: Attachment, events: readonly Event[]): Promise<void> {
    for (const { type, room_id: place, event_id: id, sender, content, unsigned } of events) {
      const { body, whereabouts } = content;
      if (type !== 'm.room.message' || place !== room || typeof body !== 'string') continue;
      const own = { id: `${network} ${id}`, origin: network, epoch: unsigned?.['whereabouts.epoch'] ?? 0, sender };
      const told = isGhost(sender, network) ? whereabouts : own;
      if (told !== undefined && isCarried(told)) await take({ ...told, body }, network);
    }
  }

  async function answer(request: IncomingMessage): Promise<[status: number, json: object]> {
    const from = attachments.find(({ hsToken }) => isBearer(request, hsToken));
    if (from === undefined) return [403, { errcode: 'M_FORBIDDEN' }];
    const [, kind, id = ''] = PATH.exec(request.url ?? '') ?? [];
    const { network } = from;
    if (kind === 'users' && request.method === 'GET') {
      const person = personOf(decodeURIComponent(id));
      const isOurs = conversation.represents(person.slice(person.indexOf(':') + 1), network);
      if (!isOurs) return [404, { errcode: 'M_NOT_FOUND' }];
      await ghosts.appear(from, person);
      return [200, {}];
    }
    if (kind !== 'transactions' || request.method !== 'PUT') return [404, { errcode: 'M_UNRECOGNIZED' }];
    const { events } = JSON.parse(await readBody(request)) as { events: readonly Event[] };
    // A homeserver sends a transaction until it is answered: whoever sends it again waits for the same.
    const done = transactions.get(`${network} ${id}`) ?? hear(from, events);
    transactions.set(`${network} ${id}`, done);
    if (transactions.size > TRANSACTIONS) transactions.delete(transactions.keys().next().value ?? '');
    // What failed is tried again when the homeserver sends it again.
    await done.catch((error: unknown) => {
      transactions.delete(`${network} ${id}`);
      throw error;
    });
    return [200, {}];
  }

  const server = createServer(async (request, response) => {
    const [status, json] = await answer(request).catch(() => [400, { errcode: 'M_BAD_JSON' }] as const);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  });
  server.once('close', () => closed.abort());

  return {
    server,
    /** Takes the next plan, and the messages that waited for it; says so where more can read than before. */
    async adopt(next: Parameters<Conversation<Message>['adopt']>[0]) {
      const { parked, worse } = conversation.adopt(next);
      for (const { message, from } of parked) await take(message, from);
      return worse;
    },
  };
}

const isCarried = (told: Partial<Carried>): told is Carried =>
  [told.id, told.origin, told.sender].every((text) => typeof text === 'string' && text.length <= 512) &&
  Number.isSafeInteger(told.epoch);

const digest = (text: string) => createHash('sha256').update(text).digest();
const isBearer = ({ headers: { authorization = '' } }: IncomingMessage, token: string): boolean =>
  timingSafeEqual(digest(authorization), digest(`Bearer ${token}`));

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) if ((text += String(part)).length > 1_000_000) throw new Error('too large');
  return text;
}
