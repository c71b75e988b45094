// A Keybase chain from its first link to its last: every signature, every tie, which keys were live when, what is left at the
// end. What comes out is valid up to its tail; that there is no newer link, or that Keybase gave the name to these keys, only
// Keybase's own tree could say.
import { sha256 } from '@noble/hashes/sha2.js';
import { equalOctets, formatHex, utf8 } from '../../protocol/wire.ts';
import { refused } from '../refusal.ts';
import { IGNORED, RESETS, type Place } from './exceptions.ts';
import type { KeyRing } from './key-ring.ts';
import { kindOf, type Kid } from './kid.ts';
import { verifyLink, type Link, type ShownLink } from './link.ts';
import { revocationsOf, withoutReverse } from './payload.ts';

export interface Owner {
  readonly username: string;
  readonly uid: string;
}

/** A link that counts, and the id its signature is named by. */
export interface Counted {
  readonly link: ShownLink;
  readonly id: string;
  readonly sigId: string;
}

export interface Subchain {
  readonly eldest: Kid;
  /** Links that were shown and not revoked, oldest first. */
  readonly links: readonly Counted[];
  readonly sibkeys: readonly Kid[];
  readonly subkeys: readonly Kid[];
  readonly revoked: readonly Kid[];
  readonly perUserKey: { readonly generation: number; readonly signing: Kid; readonly encryption: Kid } | undefined;
}

export interface Replayed {
  readonly current: Subchain;
  /** What was before each reset, oldest first. */
  readonly previous: readonly Subchain[];
  readonly tail: { readonly seqno: number; readonly id: string; readonly time: number } | undefined;
  readonly stubbed: number;
  readonly sha1: number;
}

/** What a subchain is while it is played; a reset begins another. */
interface State {
  readonly eldest: Kid;
  readonly counted: Map<string, Counted>;
  readonly sibkeys: Set<Kid>;
  readonly subkeys: Set<Kid>;
  readonly revoked: Set<Kid>;
  /** The form of each PGP key that its latest `full_hash` fixes. */
  readonly pinned: Map<Kid, string>;
  perUserKey: Subchain['perUserKey'];
}

const begin = (eldest: Kid): State => ({
  eldest,
  counted: new Map(),
  // Not by a link: revoking the signature of the first link leaves the eldest key alone.
  sibkeys: new Set([eldest]),
  subkeys: new Set(),
  revoked: new Set(),
  pinned: new Map(),
  perUserKey: undefined,
});

/** Plays `links`; `eldest` is the eldest key of the account now, the last link's unless it is known otherwise. */
export async function replay(
  links: readonly Link[],
  { owner, ring, eldest }: { readonly owner: Owner; readonly ring: KeyRing; readonly eldest: Kid | undefined },
): Promise<Replayed> {
  verifyUid(owner);
  const states: State[] = [];
  const sigIds = new Set<string>();
  let [state, last, tail]: [State | undefined, Link | undefined, Replayed['tail']] = [undefined, undefined, undefined];
  let [previous, stubbed, unheard, sha1]: [string | undefined, number, number, number] = [undefined, 0, 0, 0];
  for (const [index, link] of links.entries()) {
    if (link.seqno !== index + 1) throw refused('sequence');
    if (link.previous !== previous) throw refused('previous-other');
    if (!link.shown) {
      if (state === undefined) throw refused('stub-forbidden');
      [stubbed, previous, last] = [stubbed + 1, link.id, link];
      continue;
    }
    verifyOwner(link, owner);
    if (isAt(IGNORED, link, owner)) {
      [previous, last] = [link.id, link];
      continue;
    }
    if (state === undefined || startsAnew(link, last, state, owner)) states.push((state = begin(link.eldest)));
    if (link.eldest !== state.eldest) throw refused('key-not-live');
    pinFirst(state, link);
    const verified = await verifyLink(link, ring, state.pinned.get(link.kid));
    if (!state.sibkeys.has(link.kid)) throw refused('key-not-live');
    pin(state, link.payload.body);
    await delegate(state, link, ring);
    sigIds.add(verified.sigId);
    state.counted.set(verified.sigId, { link, id: verified.id, sigId: verified.sigId });
    unheard += revoke(state, link, sigIds);
    // A signature id is computed from the signature, whose armour a server could write otherwise so that a revocation no
    // longer finds it. One of a link that was left out is the only one that need not be here.
    if (unheard > stubbed) throw refused('revocation-empty');
    sha1 += verified.sha1 ? 1 : 0;
    [previous, last] = [verified.id, link];
    tail = { seqno: link.seqno, id: verified.id, time: link.payload.ctime };
  }
  if (last !== undefined && !last.shown) throw refused('tail-unsigned');
  if (state === undefined || (eldest !== undefined && eldest !== state.eldest))
    states.push((state = beginEmpty(eldest, owner, ring)));
  const subchains = states.map(finish);
  return { current: finish(state), previous: subchains.slice(0, -1), tail, stubbed, sha1 };
}

/** Keybase computes user ids from names; the earliest users' are other ones, which end in `00`, and only its tree ties those. */
function verifyUid({ username, uid }: Owner): void {
  if (!/^[0-9a-f]{30}(?:00|19)$/.test(uid)) throw refused('syntax');
  const computed = `${formatHex(sha256(utf8(username.toLowerCase()))).slice(0, 30)}19`;
  if (uid.endsWith('19') && uid !== computed) throw refused('owner-other');
}

function verifyOwner({ payload: { body } }: ShownLink, owner: Owner): void {
  const { uid, username } = body.key;
  if (uid !== owner.uid || username.toLowerCase() !== owner.username.toLowerCase()) throw refused('owner-other');
}

function isAt(table: ReadonlyMap<string, Place>, { id, seqno }: ShownLink, { uid }: Owner): boolean {
  const place = id === '' ? undefined : table.get(id);
  return place !== undefined && place.uid === uid && place.seqno === seqno;
}

/** A link of type `eldest`, one of version 1 that names another eldest key than the one before it, or a listed one. */
function startsAnew(link: ShownLink, last: Link | undefined, state: State, owner: Owner): boolean {
  if (link.type === 'eldest') return true;
  if (link.version === 2 || last === undefined || !last.shown || last.version === 2) return false;
  return link.eldest !== state.eldest || isAt(RESETS, link, owner);
}

/** A first link may say which form of its PGP key signed it. */
function pinFirst({ pinned, counted }: State, { kid, payload: { body } }: ShownLink): void {
  const { full_hash: fullHash } = body.key;
  if (counted.size === 0 && kindOf(kid) === 'pgp' && fullHash !== undefined) pinned.set(kid, fullHash);
}

/** Fixes the form of a PGP key from here on; after the signature was verified, or a revoked subkey could bring itself back. */
function pin({ pinned, sibkeys }: State, { sibkey, pgp_update: update }: ShownLink['payload']['body']): void {
  if (sibkey?.full_hash !== undefined) pinned.set(sibkey.kid, sibkey.full_hash);
  if (update !== undefined && sibkeys.has(update.kid)) pinned.set(update.kid, update.full_hash);
}

/** New keys sign that they are added, or nobody could add somebody else's. */
async function delegate(state: State, link: ShownLink, ring: KeyRing): Promise<void> {
  const { sibkey, subkey, per_user_key: shared } = link.payload.body;
  if (sibkey !== undefined) {
    await verifyReverse(link, sibkey.kid, sibkey.reverse_sig, ring, state.pinned.get(sibkey.kid));
    state.sibkeys.add(sibkey.kid);
    state.revoked.delete(sibkey.kid);
  }
  if (subkey !== undefined) {
    if (!ring.has(subkey.kid)) throw refused('key-missing');
    state.subkeys.add(subkey.kid);
    state.revoked.delete(subkey.kid);
  }
  if (shared !== undefined) {
    await verifyReverse(link, shared.signing_kid, shared.reverse_sig, ring, undefined);
    const { generation, signing_kid: signing, encryption_kid: encryption } = shared;
    if (generation !== (state.perUserKey?.generation ?? 0) + 1) throw refused('sequence');
    state.perUserKey = { generation, signing, encryption };
  }
}

async function verifyReverse(
  link: ShownLink,
  kid: Kid,
  reverse: string | null | undefined,
  ring: KeyRing,
  pinned: string | undefined,
): Promise<void> {
  if (!ring.has(kid)) throw refused('key-missing');
  if (typeof reverse !== 'string') throw refused('reverse-signature');
  const { payload } = await ring.open(kid, reverse, pinned).catch((cause: unknown) => {
    throw refused('reverse-signature', cause);
  });
  if (!equalOctets(payload, utf8(withoutReverse(link.text, reverse)))) throw refused('reverse-signature');
}

/** Takes out what a link revokes; tells how many of the signatures it names are of no link seen. */
function revoke(state: State, link: ShownLink, sigIds: ReadonlySet<string>): number {
  const { kids, sigIds: ids } = revocationsOf(link.payload);
  const drop = (kid: Kid | undefined) => {
    if (kid === undefined || !(state.sibkeys.delete(kid) || state.subkeys.delete(kid))) return;
    state.revoked.add(kid);
  };
  for (const kid of kids) drop(kid);
  for (const id of ids) {
    const counted = state.counted.get(id);
    const body = counted?.link.payload.body;
    state.counted.delete(id);
    drop(body?.sibkey?.kid);
    drop(body?.subkey?.kid);
  }
  return ids.filter((id) => !sigIds.has(id)).length;
}

/** An account without links, or reset since the last: the key itself must name the user, as only PGP keys can. */
function beginEmpty(eldest: Kid | undefined, { username }: Owner, ring: KeyRing): State {
  if (eldest === undefined || !ring.has(eldest)) throw refused('key-missing');
  if (!ring.hasEmail(eldest, `${username}@keybase.io`)) throw refused('key-unowned');
  return begin(eldest);
}

function finish({ eldest, counted, sibkeys, subkeys, revoked, perUserKey }: State): Subchain {
  return {
    eldest,
    links: [...counted.values()],
    sibkeys: [...sibkeys],
    subkeys: [...subkeys],
    revoked: [...revoked],
    perUserKey,
  };
}
