// What a plan is made from (§11.1): the networks and bridges of one conversation as verified descriptions say they are, sorted, with
// a hash. Everything else follows from it, and whoever has the same inputs has the same plan. How listings become bridges is
// listings.ts.
import { sha256 } from '@noble/hashes/sha2.js';
import canonicalize from 'canonicalize';
import { WhereaboutsError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { formatB64u, utf8 } from '../wire.ts';

/** Decryption weights (§11.2): no bridge opens anything, a participant's own device does, somebody else does, nothing is encrypted. */
export const OPENNESS = [0, 1, 10, 100] as const;
export type Openness = (typeof OPENNESS)[number];

/** A network, or a common language such as `matrix`. */
export interface NetworkInput {
  readonly id: string;
  /** What its description says; a language has none, and some networks say nothing. */
  readonly encryption?: 'end-to-end' | 'none';
  /** b64u of the hash of its description, or of what else its word was taken from. */
  readonly description?: string;
}

/** A bridge, or the link of a network to a language it speaks by itself. */
export interface BridgeInput {
  readonly id: string;
  /** Networks it is attached to, sorted. */
  readonly attachments: readonly string[];
  readonly openness: Openness;
  /** Features of the terminals that it lacks. */
  readonly lacks: number;
  readonly priority: number;
  /** Who could read there: nobody where nothing is opened, or only on a participant's device. Sorted. */
  readonly readers: readonly string[];
}

export interface Inputs {
  /** The conversation's. */
  readonly id: string;
  /** Networks of the people in it, sorted. */
  readonly terminals: readonly string[];
  /** Bridges, operators and networks that a participant's policy rules out, sorted. */
  readonly deny: readonly string[];
  /** Bridges that are left out because they do not answer, sorted. */
  readonly down: readonly string[];
  /** Sorted by id. */
  readonly networks: readonly NetworkInput[];
  readonly bridges: readonly BridgeInput[];
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

/** Texts in the order of RFC 8785 §3.2.3 (UTF-16 code units), each once. */
export const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].toSorted();

/**
 * Puts inputs into their one form: sorted, nothing twice, and without what no tree can use. `request-too-large` where more is left
 * than a conversation may have.
 */
export function normalizeInputs(inputs: Inputs): Inputs {
  const { id, terminals, deny, down } = inputs;
  const known = new Map(inputs.networks.map((network) => [network.id, network]));
  const wanted = sorted(terminals);
  const bridges = new Map(
    inputs.bridges.map((bridge) => [bridge.id, { ...bridge, attachments: sorted(bridge.attachments) }]),
  );
  const useful = prune(bridges, new Set(wanted));
  const used = useful.flatMap(({ attachments }) => attachments);
  const networks = sorted([...wanted, ...used]).map((name) => known.get(name) ?? { id: name });
  if (networks.length > LIMITS.conversationNetworks || useful.length > LIMITS.conversationBridges)
    throw new WhereaboutsError('request-too-large', 'more networks or bridges than a conversation may have');
  return { id, terminals: wanted, deny: sorted(deny), down: sorted(down), networks, bridges: useful.toSorted(byId) };
}

/** Bridges with fewer than two networks, networks of one bridge that nobody is on: again and again, until none is left. */
function prune(bridges: ReadonlyMap<string, BridgeInput>, terminals: ReadonlySet<string>): BridgeInput[] {
  let left = [...bridges.values()];
  for (;;) {
    const degrees = new Map<string, number>();
    for (const { attachments } of left)
      for (const network of attachments) degrees.set(network, (degrees.get(network) ?? 0) + 1);
    const stays = (network: string): boolean => terminals.has(network) || (degrees.get(network) ?? 0) > 1;
    const next = left
      .map((bridge) => ({ ...bridge, attachments: bridge.attachments.filter(stays) }))
      .filter(({ attachments }) => attachments.length > 1);
    const size = (list: readonly BridgeInput[]) => list.reduce((sum, { attachments }) => sum + attachments.length, 0);
    if (next.length === left.length && size(next) === size(left)) return next;
    left = next;
  }
}

/** SHA-256 over the RFC 8785 form, b64u. */
export const hashOf = (value: object): string => formatB64u(sha256(utf8(canonicalize(value) ?? '')));

/** The hash that stands for inputs in a plan. */
export const hashInputs = (inputs: Inputs): string => hashOf(inputs);
