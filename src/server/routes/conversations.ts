// POST /v1/conversations and what comes after (§11.11).
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { bridgeMembers } from '../../protocol/bridge-listing.ts';
import { isNetworkName } from '../../protocol/conversation/members.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { b64u, text } from '../../protocol/token/claims.ts';
import { parseB64u, utf8 } from '../../protocol/wire.ts';
import { readJson } from '../body.ts';
import type { DirectoryContext } from '../context.ts';
import { authenticateNetwork, change } from '../directory/conversation.ts';
import { beat, readConversation } from '../directory/conversation-look.ts';
import { formatRow } from '../directory/conversation-row.ts';
import { watchConversation } from '../directory/conversation-watch.ts';
import { streamEvents } from '../event-stream.ts';
import { endpoint, parameter, type Env } from '../http.ts';
import { countOutcome } from '../metrics.ts';

const name = text.refine((value) => utf8(value).length <= LIMITS.conversationIdOctets);

/** The body of a change. */
export const conversationRequest = z.strictObject({
  id: b64u(32),
  epoch: z.int().min(1),
  networks: z.array(z.string().refine(isNetworkName)).max(LIMITS.conversationNetworks),
  deny: z.array(name).max(LIMITS.conversationDenials).default([]),
  bridges: z
    .array(z.strictObject(bridgeMembers(false)))
    .max(LIMITS.conversationOwnBridges)
    .default([]),
});

/** The body of a bridge's report. */
export const heartbeatRequest = z.strictObject({ bridges: z.array(name).min(1).max(LIMITS.conversationBridges) });

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

const credentialsOf = (c: Context<Env>) => ({
  authorization: c.req.header('authorization'),
  address: c.env?.client ?? 'unknown',
});

/** What is no id is no conversation. */
function idOf(c: Context<Env>): Uint8Array {
  try {
    return parseB64u(parameter(c, 'id'), 32);
  } catch (cause) {
    throw new WhereaboutsError('conversation-unknown', undefined, { cause });
  }
}

export function conversationRoutes(app: Hono<Env>, ctx: DirectoryContext): void {
  endpoint(app, '/v1/conversations', {
    POST: async (c) => {
      const { id, ...asked } = await readJson(c, conversationRequest, LIMITS.conversationRequestOctets);
      const work = change(ctx, parseB64u(id, 32), asked, credentialsOf(c));
      const row = await countOutcome(ctx.metrics, 'conversation_changes_total', work, () => 'done');
      return c.body(formatRow(row), 200, HEADERS);
    },
  });
  endpoint(app, '/v1/conversations/:id', {
    GET: async (c) => {
      const { domain } = await authenticateNetwork(ctx, credentialsOf(c));
      return c.body(formatRow(await readConversation(ctx, idOf(c), domain)), 200, HEADERS);
    },
  });
  endpoint(app, '/v1/conversations/:id/heartbeat', {
    POST: async (c) => {
      const { bridges } = await readJson(c, heartbeatRequest);
      const { epoch } = await beat(ctx, idOf(c), bridges, credentialsOf(c));
      return c.json({ epoch }, 200, { 'cache-control': 'no-store' });
    },
  });
  endpoint(app, '/v1/conversations/:id/watch', {
    GET: async (c) => {
      const { domain } = await authenticateNetwork(ctx, credentialsOf(c));
      const ended = new AbortController();
      const events = watchConversation(ctx, idOf(c), domain, ended.signal);
      // Refusals come before anything is sent.
      const { done, value } = await events.next();
      if (done === true) throw new WhereaboutsError('internal-error', 'a conversation without a plan');
      const stream = streamEvents(value, events, () => ended.abort());
      return c.body(stream, 200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    },
  });
}
