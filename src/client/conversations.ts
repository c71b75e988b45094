// Conversations that directories plan (§11.11), as a network or a bridge's operator asks for them: opened at the directory everybody
// would choose, changed until the change is in, believed only when computed again. What a bridge does with a plan is conversation.ts.
import { z } from 'zod';
import { rankCoordinators } from '../protocol/conversation/coordinator.ts';
import { hashPlan, verifyPlan, type Plan } from '../protocol/conversation/plan.ts';
import type { Inputs } from '../protocol/conversation/inputs.ts';
import { checkInputs, conversationReply, type OwnBridge } from '../protocol/conversation/reply.ts';
import type { Bridge } from '../protocol/bridge-listing.ts';
import type { Description } from '../protocol/description.ts';
import { isDomain } from '../protocol/domain.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { readPlan, verifyPlanToken } from '../protocol/token/plan.ts';
import { formatB64u } from '../protocol/wire.ts';
import { call, parseReply } from './call.ts';
import type { ClientContext } from './context.ts';
import { authorize } from './evaluate.ts';
import { verifyMembers, type Member, type MemberAnswer, type MemberOptions } from './members.ts';
import { pause } from './pause.ts';
import type { InvalidAccountAnswer, VerifyOptions } from './verify.ts';

/** Where a conversation is planned, and which it is. Whoever knows both may join. */
export interface ConversationPlace {
  readonly directory: string;
  /** 32 random octets, b64u. */
  readonly id: string;
}

/** A plan that was computed again. */
export interface PlannedConversation extends ConversationPlace {
  readonly plan: Plan;
  /** The plan before, where this one grew out of it. */
  readonly previous?: Plan;
  readonly inputs: Inputs;
  readonly own: readonly OwnBridge[];
  /** Networks whose part of the inputs could not be held against their descriptions. */
  readonly unchecked: readonly string[];
}

/** What a network asks for on behalf of its people. */
export interface OwnPart {
  readonly deny?: readonly string[];
  readonly bridges?: readonly Bridge[];
}

export interface OpenOptions extends OwnPart {
  readonly networks: readonly string[];
  /** The directories that each network accepts, one list a network; the policy's own for all unless given. */
  readonly accepted?: readonly (readonly string[])[];
}

export interface Conversations {
  /** Opens one at the first directory in rank that answers; `directory-refused` where the networks have none in common. */
  open(options: OpenOptions): Promise<PlannedConversation>;
  /** Brings the caller's network in, or changes what it asks for. */
  join(place: ConversationPlace, own?: OwnPart): Promise<PlannedConversation>;
  leave(place: ConversationPlace): Promise<void>;
  read(place: ConversationPlace): Promise<PlannedConversation>;
  /** The plan there is, then each that follows, until `signal` is aborted: asks every five seconds. */
  watch(
    place: ConversationPlace,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<PlannedConversation, void, undefined>;
  /** Says that bridges of the caller are there; every 30 seconds. Gives the newest epoch. */
  heartbeat(place: ConversationPlace, bridges: readonly string[]): Promise<number>;
  /**
   * Whether people of a plan's networks are who they say (§11.10), in the order given: by the evidence carried along for them, else
   * by asking. Whoever comes from a network that is not in the plan, or over a bridge that does not stand for him there, is `unknown`.
   */
  verifyMembers(
    plan: Pick<Plan, 'terminals' | 'edges'>,
    members: readonly Member[],
    options?: MemberOptions,
  ): AsyncGenerator<MemberAnswer | InvalidAccountAnswer, void, undefined>;
}

const CALL_MILLISECONDS = 15_000;
const WATCH_MILLISECONDS = 5_000;
/** Changes tried where others are made at the same time. */
const TRIES = 8;

/** An epoch that no conversation has: the refusal says which it has, and one that is not there is not opened by mistake. */
const UNSEEN = { epoch: Number.MAX_SAFE_INTEGER - 1, networks: [] };

const heartbeatReply = z.object({ epoch: z.int().min(1) });

/** `start` waits until there is what a question needs. */
export function createConversations(
  context: ClientContext,
  start: (options: VerifyOptions) => Promise<unknown>,
): Conversations {
  const { credentials, descriptions, policy, clock, random } = context;
  const domain = credentials !== undefined && 'domain' in credentials ? credentials.domain : undefined;

  const ask = async (directory: string, path: string, body?: object): Promise<Uint8Array> => {
    await descriptions.fetch(directory);
    const api = await context.directory(directory).api();
    const authorization = await authorize(context, api);
    return call(context, {
      url: `${api}/v1/conversations${path}`,
      until: clock() + CALL_MILLISECONDS,
      maxOctets: LIMITS.conversationReplyOctets,
      ...(body === undefined ? {} : { method: 'POST', body }),
      ...(authorization === undefined ? {} : { authorization }),
    });
  };

  const check = async (place: ConversationPlace, octets: Uint8Array, deny: readonly string[] = []) => {
    const { directory, id } = place;
    const reply = parseReply(conversationReply, octets);
    const { inputs, own } = reply;
    const now = Math.floor(clock() / 1000);
    const keys = async (iss: string) => (await descriptions.fetch(iss)).jwks;
    const { plan } = await verifyPlanToken(reply.plan, { now, iss: directory, keys });
    // Not its signature: the plan that was verified names it by its hash.
    const previous = reply.previous === undefined ? undefined : readPlan(reply.previous).plan;
    if (plan.id !== id) throw new WhereaboutsError('plan-invalid', 'the plan is of another conversation');
    if (deny.some((name) => !inputs.deny.includes(name)))
      throw new WhereaboutsError('plan-invalid', 'what was denied is not among the inputs');
    verifyPlan(plan, inputs, previous);
    const known = await findDescriptions(context, inputs);
    const unchecked = checkInputs(inputs, own, (name) => known.get(name));
    return { directory, id, plan, inputs, own, unchecked, ...(previous === undefined ? {} : { previous }) };
  };

  const send = async (
    place: ConversationPlace,
    change: { readonly epoch: number; readonly networks: readonly string[] } & OwnPart,
  ): Promise<PlannedConversation> => {
    const { id, directory } = place;
    return check(place, await ask(directory, '', { id, ...change }), change.deny);
  };

  /** Again and again for as long as others come first: each time on what they left. */
  const changeOwn = async (
    place: ConversationPlace,
    start: { readonly epoch: number; readonly networks: readonly string[] },
    change: (networks: readonly string[]) => { readonly networks: readonly string[] } & OwnPart,
  ): Promise<PlannedConversation> => {
    let { epoch, networks } = start;
    for (let tries = 1; ; tries++) {
      try {
        return await send(place, { epoch: epoch + 1, ...change(networks) });
      } catch (error) {
        if (!(error instanceof WhereaboutsError) || error.code !== 'conversation-changed' || tries === TRIES)
          throw error;
        const { epoch: newest, networks: there } = error.extensions;
        if (typeof newest !== 'number' || typeof there !== 'object') throw error;
        ({ epoch, networks } = { epoch: newest, networks: there });
      }
    }
  };

  const self = (): string => {
    if (domain === undefined) throw new WhereaboutsError('credentials-required', 'only a network takes part');
    return domain;
  };
  const read = async (place: ConversationPlace) => check(place, await ask(place.directory, `/${place.id}`));

  return {
    read,
    async open({ networks, accepted = [policy.directories], ...own }) {
      const id = formatB64u(random(32));
      const wanted = [...new Set([self(), ...networks])];
      let failure = new WhereaboutsError('directory-refused', 'the networks have no directory in common');
      for (const directory of rankCoordinators(id, accepted)) {
        try {
          return await send({ directory, id }, { epoch: 1, networks: wanted, ...own });
        } catch (error) {
          if (!(error instanceof WhereaboutsError) || !AWAY.has(error.code)) throw error;
          failure = error;
        }
      }
      throw failure;
    },
    join: (place, own = {}) =>
      changeOwn(place, UNSEEN, (there) => ({ networks: [...new Set([self(), ...there])], ...own })),
    async leave(place) {
      const { plan } = await read(place);
      await changeOwn(place, { epoch: plan.epoch, networks: plan.terminals }, (there) => ({
        networks: there.filter((name) => name !== self()),
      }));
    },
    async *watch(place, { signal } = {}) {
      for (let told = ''; ; await pause(WATCH_MILLISECONDS, signal)) {
        if (signal?.aborted === true) return;
        const planned = await read(place);
        const hash = hashPlan(planned.plan);
        if (hash === told) continue;
        told = hash;
        yield planned;
      }
    },
    async heartbeat({ directory, id }, bridges) {
      return parseReply(heartbeatReply, await ask(directory, `/${id}/heartbeat`, { bridges })).epoch;
    },
    async *verifyMembers(plan, members, options = {}) {
      await start(options);
      yield* verifyMembers(context, plan, members, options);
    },
  };
}

/** A directory that cannot be had: the next one is asked. */
const AWAY = new Set(['peer-unreachable', 'provider-unknown', 'overloaded', 'path-unknown']);

async function findDescriptions({ descriptions }: ClientContext, inputs: Inputs): Promise<Map<string, Description>> {
  const found = new Map<string, Description>();
  for (const { id } of inputs.networks.filter((network) => isDomain(network.id))) {
    const description = await descriptions.find(id);
    if (description !== undefined) found.set(id, description);
  }
  return found;
}
