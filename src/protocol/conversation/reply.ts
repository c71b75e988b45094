// A plan as a directory gives it out, with all it follows from (§11.11), and what of that can be checked with descriptions of one's own.
import { z } from 'zod';
import { bridgeMembers, type Bridge } from '../bridge-listing.ts';
import type { Description } from '../description.ts';
import { isDomain } from '../domain.ts';
import { WhereaboutsError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { b64u, text } from '../token/claims.ts';
import { hashDescription } from './gather.ts';
import type { BridgeInput, Inputs, NetworkInput } from './inputs.ts';
import { NATIVE } from './listings.ts';

const names = z.array(text);
const count = z.int().min(0);

export const inputsShape: z.ZodType<Inputs> = z.strictObject({
  id: b64u(32),
  terminals: names.max(LIMITS.conversationNetworks),
  deny: names,
  down: names,
  networks: z
    .array(
      z.strictObject({
        id: text,
        encryption: z.enum(['end-to-end', 'none']).exactOptional(),
        description: b64u(32).exactOptional(),
      }),
    )
    .max(LIMITS.conversationNetworks),
  bridges: z
    .array(
      z.strictObject({
        id: text,
        attachments: names,
        openness: z.union([z.literal(0), z.literal(1), z.literal(10), z.literal(100)]),
        lacks: count,
        priority: count.max(LIMITS.conversationPriority),
        readers: names,
      }),
    )
    .max(LIMITS.conversationBridges),
});

/** The members of a reply and their forms. */
export const conversationReply = z.strictObject({
  plan: z.string().max(LIMITS.planOctets),
  previous: z.string().max(LIMITS.planOctets).exactOptional(),
  inputs: inputsShape,
  own: z.array(z.strictObject({ network: text, bridge: z.strictObject(bridgeMembers(true)) })),
});

export interface OwnBridge {
  readonly network: string;
  readonly bridge: Bridge;
}

/**
 * Throws `plan-invalid` where inputs say of a network what its description does not. Gives the networks that could not be checked: no
 * description is at hand, or another one.
 */
export function checkInputs(
  inputs: Inputs,
  own: readonly OwnBridge[],
  find: (domain: string) => Description | undefined,
): string[] {
  const unchecked: string[] = [];
  for (const network of inputs.networks.filter(({ id }) => isDomain(id))) {
    const description = find(network.id);
    if (description === undefined || hashDescription(description) !== network.description) unchecked.push(network.id);
    else checkNetwork(network, description, { inputs, own });
  }
  return unchecked;
}

function checkNetwork(
  { id, encryption }: NetworkInput,
  { provider }: Description,
  { inputs, own }: { readonly inputs: Inputs; readonly own: readonly OwnBridge[] },
): void {
  if (provider?.encryption !== encryption) throw wrong('a network encrypts otherwise');
  const requested = own.filter(({ network }) => network === id).map(({ bridge }) => bridge);
  const listed = [...(provider?.bridges ?? []), ...requested];
  for (const bridge of inputs.bridges.filter(({ attachments }) => attachments.includes(id))) {
    if (bridge.id.startsWith(NATIVE)) checkLink(bridge, id, provider?.protocols ?? []);
    else {
      const mine = listed.filter((one) => one.id === bridge.id);
      if (mine.length === 0) throw wrong('a network does not list a bridge it is said to be attached to');
      if (!mine.some((one) => allows(bridge, one))) throw wrong('a bridge is said to open less than it does');
    }
  }
}

function checkLink({ id, openness, attachments }: BridgeInput, network: string, protocols: readonly string[]): void {
  const languages = attachments.filter((name) => name !== network);
  const isOwn = languages.length === 1 && id === `${NATIVE}${network}/${languages[0]}` && openness === 0;
  if (!isOwn || !protocols.includes(languages[0] ?? '')) throw wrong('a network does not speak a language');
}

/** §11.2, as far as one listing tells. */
const allows = ({ openness }: BridgeInput, { encryption, placement }: Bridge): boolean =>
  encryption === 'none'
    ? openness === 100
    : openness >= 10 || (openness === 1 && placement !== 'server') || (openness === 0 && encryption === 'native');

const wrong = (message: string): WhereaboutsError => new WhereaboutsError('plan-invalid', message);
