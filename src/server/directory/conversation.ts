// Conversations a directory coordinates (§11.11): networks change their own part, each change is an epoch, each epoch a plan.
import canonicalize from 'canonicalize';
import { sha256 } from '@noble/hashes/sha2.js';
import { changeMembers, type Change, type Member } from '../../protocol/conversation/members.ts';
import { makePlan, nextPlan, type Plan } from '../../protocol/conversation/plan.ts';
import { registrableDomain } from '../../protocol/domain.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { readPlan, signPlan } from '../../protocol/token/plan.ts';
import { equalOctets, formatB64u, utf8 } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { admit } from '../store/admission.ts';
import * as store from '../store/conversations.ts';
import { lockNames } from '../store/locks.ts';
import { subjectOf } from '../store/subject.ts';
import { authenticate, type Caller, type Credentials } from './client-auth.ts';
import { fetchMembers, gather, type Gathered } from './conversation-inputs.ts';
import { downNow, formatRow, membersOf, reporting, type Row } from './conversation-row.ts';
import { nowSeconds } from './times.ts';

type Client = Extract<Caller, { kind: 'client' }>;

/** Who calls, by a token of its own domain: a person's pass says nothing about a network. */
export async function authenticateNetwork(ctx: DirectoryContext, credentials: Credentials): Promise<Client> {
  if (credentials.authorization === undefined) throw new WhereaboutsError('credentials-required');
  const caller = await authenticate(ctx, credentials);
  if (caller.kind !== 'client') throw new WhereaboutsError('credentials-invalid', 'not the token of a network');
  return caller;
}

/** Uses the token up and charges its domain; a listed one may do more. */
export async function charge(
  ctx: DirectoryContext,
  caller: Client,
  kind: 'conversations' | 'heartbeats',
): Promise<void> {
  const { domain, jti, exp } = caller;
  const isListed = ctx.listed.has(domain);
  const { writesPerIssuer, writesPerListedIssuer } = ctx.quotas;
  const quota = isListed || kind === 'heartbeats' ? writesPerListedIssuer : writesPerIssuer;
  const policy = isListed ? `${kind}-listed` : kind;
  const subject = subjectOf(ctx.pepper, policy, registrableDomain(domain));
  const use = { subject: subjectOf(ctx.pepper, 'client', domain, jti), uses: 1, cost: 1, until: exp };
  const left = await admit(ctx.db, ctx.clock(), [{ policy, subject, quota, cost: 1 }], use);
  if (left === undefined) throw new WhereaboutsError('credentials-invalid', 'the token was used before');
}

/** Opens, joins, leaves or changes; gives the conversation as it is then. The same once more changes nothing. */
export async function change(
  ctx: DirectoryContext,
  id: Uint8Array,
  asked: Change,
  credentials: Credentials,
): Promise<Row> {
  const caller = await authenticateNetwork(ctx, credentials);
  const now = nowSeconds(ctx);
  const before = await store.findConversation(ctx.db, id, now);
  const request = sha256(utf8(canonicalize({ caller: caller.domain, ...asked }) ?? ''));
  const isAgain = before !== undefined && before.epoch === asked.epoch && equalOctets(before.request, request);
  const members = isAgain
    ? []
    : changeMembers(before && { epoch: before.epoch, members: membersOf(before) }, asked, caller.domain);
  // Refusals up to here cost nothing; what follows is work.
  await charge(ctx, caller, 'conversations');
  if (isAgain) return before;
  const joining = members.filter(({ network }) => before === undefined || network === caller.domain);
  await fetchMembers(
    ctx,
    joining.map(({ network }) => network),
    credentials.address,
  );
  const down = before === undefined ? [] : downNow(before, await store.findBeats(ctx.db, id), now);
  const opener = before?.opener ?? registrableDomain(caller.domain);
  const gathered = await gather(ctx, formatB64u(id), members, down);
  const row = await plan(ctx, before, { id, opener, members, gathered, request, heldUntil: before?.heldUntil ?? 0 });
  // The point of no return: one statement says whether this is the next epoch. Dies it before, nothing has happened.
  const isWritten = await write(ctx, before, row, members, caller);
  if (isWritten) return row;
  const newer = await store.findConversation(ctx.db, id, now);
  if (newer === undefined) throw new WhereaboutsError('conversation-unknown');
  // The same request may have been twice under way.
  if (newer.epoch === asked.epoch && equalOctets(newer.request, request)) return newer;
  throw changed(newer);
}

async function write(
  ctx: DirectoryContext,
  before: Row | undefined,
  row: Row,
  members: readonly Member[],
  caller: Client,
): Promise<boolean> {
  if (before === undefined) return open(ctx, row, caller);
  if (members.length === 0) return store.endConversation(ctx.db, row.id, before.epoch);
  return store.replaceConversation(ctx.db, row, reporting(row));
}

/** Counted under a lock, so that nobody opens more than he may by opening many at once. */
async function open(ctx: DirectoryContext, row: Row, { domain }: Client): Promise<boolean> {
  const now = nowSeconds(ctx);
  return ctx.db.transaction(async (tx) => {
    await lockNames(tx, ctx.domain, [], [`conversations ${row.opener}`]);
    const most = ctx.quotas.unlistedRecords;
    if (!ctx.listed.has(domain) && (await store.countConversations(tx, row.opener, now)) >= most)
      throw new WhereaboutsError('quota-exceeded', 'as many conversations live as a domain may have', {
        extensions: { 'violated-policies': ['conversations-open'] },
      });
    return store.addConversation(tx, row, now);
  });
}

interface Next {
  readonly id: Uint8Array;
  readonly opener: string;
  readonly members: readonly Member[];
  readonly gathered: Gathered;
  readonly request: Uint8Array;
  readonly heldUntil: number;
}

/** The row of the next epoch, with its plan signed. */
export async function plan(ctx: DirectoryContext, before: Row | undefined, next: Next): Promise<Row> {
  const { gathered, members, ...rest } = next;
  const iat = nowSeconds(ctx);
  const exp = iat + LIMITS.planLifeSeconds;
  const previous = before === undefined ? undefined : readPlan(before.plan).plan;
  const made = follow(gathered.inputs, previous);
  const signed = await signPlan({ iss: ctx.domain, iat, exp, plan: made }, ctx.signingKey);
  const used = new Set([...made.edges.map(([bridge]) => bridge), ...gathered.inputs.down]);
  const row = {
    ...rest,
    epoch: made.epoch,
    members: JSON.stringify(members),
    inputs: JSON.stringify(gathered.inputs),
    plan: signed,
    previous: before?.plan ?? null,
    operators: JSON.stringify(Object.fromEntries([...gathered.operators].filter(([bridge]) => used.has(bridge)))),
    dueAt: iat + LIMITS.heartbeatSeconds,
    until: exp,
  };
  if (formatRow(row).length > LIMITS.conversationReplyOctets) throw new WhereaboutsError('request-too-large');
  return row;
}

export const follow = (inputs: Gathered['inputs'], previous: Plan | undefined): Plan =>
  previous === undefined ? makePlan(inputs) : nextPlan(inputs, previous);

const changed = (row: Row): WhereaboutsError =>
  new WhereaboutsError('conversation-changed', undefined, {
    extensions: { epoch: row.epoch, networks: membersOf(row).map(({ network }) => network) },
  });
