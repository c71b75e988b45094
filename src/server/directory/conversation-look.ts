// What happens to a conversation without anybody asking (§11.11): bridges fall silent or are withdrawn, and the tree grows anew out of what
// is left. Looked at whenever somebody reads, reports or watches, and never more often than is due.
import { formatB64u } from '../../protocol/wire.ts';
import { hashOf } from '../../protocol/conversation/inputs.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { readPlan } from '../../protocol/token/plan.ts';
import type { DirectoryContext } from '../context.ts';
import * as store from '../store/conversations.ts';
import type { Credentials } from './client-auth.ts';
import { authenticateNetwork, charge, follow, plan } from './conversation.ts';
import { gather } from './conversation-inputs.ts';
import { downNow, membersOf, nextLook, operatorsOf, reporting, type Row } from './conversation-row.ts';
import { nowSeconds } from './times.ts';

const EMPTY = new Uint8Array(32);

/** The conversation as a network of it, or who runs a bridge of it, may see it; for all others there is none. */
export async function readConversation(ctx: DirectoryContext, id: Uint8Array, domain: string): Promise<Row> {
  const row = await look(ctx, id);
  if (row === undefined || !maySee(row, domain)) throw new WhereaboutsError('conversation-unknown');
  return row;
}

const maySee = (row: Row, domain: string): boolean =>
  membersOf(row).some(({ network }) => network === domain) || Object.values(operatorsOf(row)).includes(domain);

/** Bridges say that they are there. Gives the epoch, which tells them whether there is something new. */
export async function beat(
  ctx: DirectoryContext,
  id: Uint8Array,
  bridges: readonly string[],
  credentials: Credentials,
): Promise<Row> {
  const { db } = ctx;
  const caller = await authenticateNetwork(ctx, credentials);
  const now = nowSeconds(ctx);
  const row = await store.findConversation(db, id, now);
  if (row === undefined || !maySee(row, caller.domain)) throw new WhereaboutsError('conversation-unknown');
  const operators = operatorsOf(row);
  if (!bridges.every((bridge) => Object.hasOwn(operators, bridge) && operators[bridge] === caller.domain))
    throw new WhereaboutsError('conversation-refused', 'a bridge of somebody else');
  await charge(ctx, caller, 'heartbeats');
  await store.writeBeats(db, id, bridges, { now, missed: LIMITS.heartbeatMissedSeconds });
  await store.dueBy(db, id, now + LIMITS.heartbeatMissedSeconds);
  return (await look(ctx, id)) ?? row;
}

/** Reads a conversation, and where it is due sees to it first. */
export async function look(ctx: DirectoryContext, id: Uint8Array): Promise<Row | undefined> {
  const now = nowSeconds(ctx);
  const row = await store.findConversation(ctx.db, id, now);
  if (row === undefined || now < row.dueAt) return row;
  const beats = await store.findBeats(ctx.db, id);
  // Whoever dies behind this line leaves it to the next one.
  if (!(await store.claimDue(ctx.db, id, row.epoch, now, nextLook(row, beats, now)))) return row;
  // What has just changed by itself stays so for a while, however many bridges come and go.
  if (now < row.heldUntil) return row;
  const members = membersOf(row);
  const gathered = await gather(ctx, formatB64u(id), members, downNow(row, beats, now));
  const before = readPlan(row.plan).plan;
  const next = follow(gathered.inputs, before);
  if (shapeOf(next) === shapeOf(before)) return row;
  const { opener } = row;
  const heldUntil = now + LIMITS.holdDownSeconds;
  const made = await plan(ctx, row, { id, opener, members, gathered, request: EMPTY, heldUntil });
  if (!(await store.replaceConversation(ctx.db, made, reporting(made)))) return store.findConversation(ctx.db, id, now);
  ctx.log.info('conversation-replanned', { epoch: made.epoch, parts: next.parts.length });
  return made;
}

/** What people notice of a plan; in one form, whatever order its members came in. */
const shapeOf = ({ edges, parts, encryption }: ReturnType<typeof follow>): string =>
  hashOf({ edges, parts, encryption });
