// Identity chains over the wire (§9.6): read with their proof and replayed, begun, continued. The caller keeps the keys. Hands out
// nothing that was not verified; whether accounts are whose they are claimed to be is not said here.
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { parseLink } from '../protocol/chain/link.ts';
import { chainName, chainOctets } from '../protocol/chain/names.ts';
import { verifyChain } from '../protocol/chain/replay.ts';
import { signLink, signStart, type NewAction } from '../protocol/chain/sign.ts';
import type { ChainState } from '../protocol/chain/state.ts';
import { failAs, WhereaboutsError } from '../protocol/errors.ts';
import { parseJson } from '../protocol/json.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { TemporaryKey } from '../protocol/token/temporary-key.ts';
import { equalOctets, formatB64u, formatHex, parseB64u, parseUtf8 } from '../protocol/wire.ts';
import { BUCKET_OCTETS } from './api-source.ts';
import { parseReply } from './call.ts';
import type { ClientContext } from './context.ts';
import type { Bucket, Directory } from './directory.ts';
import type { WatchedName } from './monitor.ts';

/** A chain as a directory has proven it. */
export interface FoundChain {
  readonly state: ChainState;
  readonly links: readonly string[];
  readonly epoch: number;
  /** Of the epoch, in milliseconds since 1970. */
  readonly asOf: number;
  readonly witnesses: number;
}

const proofReply = z.object({ epoch: z.int().min(0), index: z.string(), bundle: z.string() });
const appendReply = z.object({ id: z.string(), seq: z.int().min(0) });
const linkLine = z.string();

/** Proof, every link and the quotes around it. */
const CHAIN_OCTETS = BUCKET_OCTETS + LIMITS.chainOctets + 4 * LIMITS.chainLinks;
const PATIENCE_MILLISECONDS = 20_000;

/**
 * The chain with this id at one directory; undefined where it has proven that there is none. Throws `chain-invalid` with the
 * reason, `bucket-invalid` where links are missing or others, and as a look-up does.
 */
export async function findChain(context: ClientContext, domain: string, id: string): Promise<FoundChain | undefined> {
  const directory = context.directory(domain);
  const until = context.clock() + PATIENCE_MILLISECONDS;
  const octets = parseB64u(id, 32);
  const reply = await readReply(directory, id, until);
  if (reply === undefined) return proveAbsence(directory, octets, until);
  const { proof, links } = reply;
  const bucket = await directory.checkBucketOf(chainName(octets), proof, until);
  const whole = chainOctets(links);
  const [entry, ...more] = bucket.entries;
  if (entry === undefined || more.length > 0 || !equalOctets(entry.holder, octets))
    throw new WhereaboutsError('bucket-invalid', 'the proof is not that of the chain');
  // Shorter, longer or other than everybody else is shown.
  if (entry.length !== whole.length || !equalOctets(entry.digest, sha256(whole)))
    throw new WhereaboutsError('bucket-invalid', 'the links are not those of the map');
  const state = await verifyChain(links, Math.floor(context.clock() / 1000));
  if (state.id !== id) throw new WhereaboutsError('bucket-invalid', 'another chain than was asked for');
  const { leaf, witnesses } = bucket;
  return { state, links, epoch: leaf.epoch, asOf: leaf.time, witnesses: witnesses.length };
}

/**
 * What the owner's monitor (§6.7) watches his chain by: it tells `altered` once everybody is shown another than `found`, `missing` where
 * it is gone. After each link of his own it is made anew.
 */
export const watchedChain = ({ state: { id }, links }: Pick<FoundChain, 'state' | 'links'>): WatchedName => ({
  name: formatB64u(chainName(parseB64u(id, 32))),
  own: [{ holder: id, digest: formatHex(sha256(chainOctets(links))) }],
});

async function readReply(directory: Directory, id: string, until: number) {
  try {
    const reply = await directory.call(`/v1/chains/${id}`, {
      until,
      accept: 'application/x-ndjson',
      maxOctets: CHAIN_OCTETS,
    });
    return await failAs('peer-unreachable', 'the reply is not what the protocol says', () => readLines(reply));
  } catch (error) {
    if (error instanceof WhereaboutsError && error.code === 'chain-unknown') return undefined;
    throw error;
  }
}

function readLines(reply: Uint8Array) {
  const [proof = '', ...lines] = parseUtf8(reply).split('\n');
  if (lines.pop() !== '' || lines.length > LIMITS.chainLinks) throw new WhereaboutsError('request-invalid');
  return { proof: proofReply.parse(parseJson(proof)), links: lines.map((line) => linkLine.parse(parseJson(line))) };
}

/** "No such chain" is said by the map, or not at all. */
async function proveAbsence(directory: Directory, id: Uint8Array, until: number): Promise<undefined> {
  const { leaf } = await directory.head(until, { fresh: true });
  const name = chainName(id);
  const bucket: Bucket = await directory.readBucket({ name, depth: leaf.depth, config: leaf.config }, until);
  if (bucket.entries.length > 0) throw new WhereaboutsError('bucket-invalid', 'a chain that there is, is not shown');
  return undefined;
}

/** Begins a chain with `key` as its first; gives it as it was proven. */
export async function startChain(context: ClientContext, domain: string, key: TemporaryKey): Promise<FoundChain> {
  return send(context, domain, undefined, await signStart(signing(context), key));
}

/** What a link is to do, or how that follows from the chain it is appended to. */
export type NextAction = NewAction | ((state: ChainState) => Promise<NewAction>);

/**
 * Appends a link that does `action`, signed by `key`, to the chain as it is at that directory now. Throws `chain-unknown`,
 * `chain-stale` where somebody else was quicker, and `chain-invalid` for what the chain would not take.
 */
export async function appendLink(
  context: ClientContext,
  domain: string,
  id: string,
  action: NextAction,
  key: TemporaryKey,
): Promise<FoundChain> {
  const found = await findChain(context, domain, id);
  if (found === undefined) throw new WhereaboutsError('chain-unknown');
  const { state } = found;
  const next = typeof action === 'function' ? await action(state) : action;
  const { nonce, iat } = signing(context);
  // Another device's clock may be a little ahead of ours.
  const at = Math.max(iat, state.latest - LIMITS.clockSkewSeconds);
  return send(context, domain, id, await signLink(state, next, { nonce, iat: at }, key));
}

const signing = ({ clock, random }: ClientContext) => ({
  iat: Math.floor(clock() / 1000),
  nonce: formatB64u(random(16)),
});

async function send(
  context: ClientContext,
  domain: string,
  chain: string | undefined,
  link: string,
): Promise<FoundChain> {
  const directory = context.directory(domain);
  const until = context.clock() + PATIENCE_MILLISECONDS;
  const { hash, seq } = parseLink(link);
  const id = chain ?? hash;
  const path = chain === undefined ? '/v1/chains' : `/v1/chains/${chain}`;
  const request = { method: 'POST', body: { link }, until, maxOctets: BUCKET_OCTETS } as const;
  parseReply(appendReply, await directory.call(path, request));
  const found = await findChain(context, domain, id);
  if (found?.links[seq] !== link)
    throw new WhereaboutsError('bucket-invalid', 'the directory confirmed a link that it has not taken');
  return found;
}
