// One link of a Keybase chain as its server hands it out: signature, payload and what stands beside them must agree. Whether
// the link fits the chain, and its key could sign then, is replay's business.
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { equalOctets, formatHex, parseBase64, utf8 } from '../../protocol/wire.ts';
import { refused, refusedAs } from '../refusal.ts';
import { WHITESPACE } from './exceptions.ts';
import type { KeyRing } from './key-ring.ts';
import { isKid, type Kid } from './kid.ts';
import { parseOuter, typeNumber, verifyStub, type LinkType, type Outer } from './outer.ts';
import { parsePayload, revocationsOf, type Payload } from './payload.ts';

/** A link that is shown whole. Its signature is not yet verified: `verifyLink` does. */
export interface ShownLink {
  readonly shown: true;
  readonly version: 1 | 2;
  readonly id: string;
  readonly seqno: number;
  readonly previous: string | undefined;
  readonly kid: Kid;
  readonly eldest: Kid;
  /** Undefined for a kind that is not known and may be skipped. */
  readonly type: LinkType | undefined;
  readonly payload: Payload;
  readonly text: string;
  readonly signature: string;
  readonly entry: z.infer<typeof entry>;
}

/** A link that was left out: place and hash are known, nothing else. */
export interface StubbedLink {
  readonly shown: false;
  readonly id: string;
  readonly seqno: number;
  readonly previous: string | undefined;
}

export type Link = ShownLink | StubbedLink;

// What a server says beside a link is checked where a verifier could be led by it. Everything else it adds is not read.
const entry = z.object({
  sig: z.string(),
  payload_json: z.string(),
  kid: z.custom<Kid>(isKid),
  seqno: z.int().optional(),
  prev: z.string().nullish(),
  payload_hash: z.string().optional(),
  sig_id: z.string().optional(),
  sig_version: z.int().nullish(),
  fingerprint: z.string().nullish(),
});
const stub = z.strictObject({ s2: z.string() });

const hex = (octets: Uint8Array | undefined): string | undefined =>
  octets === undefined ? undefined : formatHex(octets);

/** Parses an entry of the server's list; a v2 link's outer part is read from the signature, still unverified. */
export function parseLink(value: unknown): Link {
  const stubbed = stub.safeParse(value);
  if (stubbed.success) return parseStub(stubbed.data.s2);
  const read = entry.safeParse(value);
  if (!read.success) throw refused('syntax', read.error);
  const { payload_json: text, sig, kid, sig_version: version } = read.data;
  const { payload, type } = parsePayload(text);
  if (version !== undefined && version !== null && version !== 1 && version !== 2) throw refused('version-foreign');
  return {
    shown: true,
    version: version ?? 1,
    id: version === 2 ? '' : formatHex(sha256(utf8(text))),
    seqno: payload.seqno,
    previous: payload.prev ?? undefined,
    kid,
    // The first links name no eldest key: who signs them is it.
    eldest: payload.body.key.eldest_kid ?? kid,
    type,
    payload,
    text,
    signature: sig,
    entry: read.data,
  };
}

function parseStub(s2: string): StubbedLink {
  const octets = refusedAs('syntax', () => parseBase64(s2));
  const outer = parseOuter(octets);
  verifyStub(outer);
  return { shown: false, id: formatHex(sha256(octets)), seqno: outer.seqno, previous: hex(outer.previous) };
}

/** What verifying a link gave: its id, the id of its signature, and whether that was over SHA-1. */
export interface Verified {
  readonly id: string;
  readonly sigId: string;
  readonly sha1: boolean;
}

/** Verifies signature, signed octets and the server's words of one link; `pinned` is the form of a PGP key that may sign. */
export async function verifyLink(link: ShownLink, ring: KeyRing, pinned: string | undefined): Promise<Verified> {
  verifySigner(link, ring);
  const { payload, sigId, sha1 } = await ring.open(link.kid, link.signature, pinned);
  const id = link.version === 1 ? verifyInner(link, payload) : verifyOuter(link, payload);
  verifyEntry(link, id, sigId);
  return { id, sigId, sha1 };
}

/** The key in the payload is the one that signs: by its id, or by the fingerprint of old links. */
function verifySigner({ kid, payload: { body } }: ShownLink, ring: KeyRing): void {
  const { kid: named, fingerprint } = body.key;
  if (!ring.has(kid)) throw refused('key-missing');
  if (named !== undefined && named !== kid) throw refused('server-other');
  if (fingerprint !== undefined && !ring.hasFingerprint(kid, fingerprint)) throw refused('fingerprint');
  if (named === undefined && fingerprint === undefined) throw refused('syntax');
}

/** Version 1: the JSON itself is signed; for some links of one day with a line end that the server then lost. */
function verifyInner({ id, text }: ShownLink, signed: Uint8Array): string {
  if (!equalOctets(signed, utf8(WHITESPACE.has(id) ? `${text}\n` : text))) throw refused('payload-other');
  return id;
}

/** Version 2: the outer link is signed and names the JSON by its hash; what both say must be the same. */
function verifyOuter(link: ShownLink, signed: Uint8Array): string {
  const outer = parseOuter(signed);
  if (!equalOctets(outer.inner, sha256(utf8(link.text)))) throw refused('payload-other');
  if (!sameAsInner(outer, link)) throw refused('outer-other');
  return formatHex(sha256(signed));
}

function sameAsInner(outer: Outer, { payload, type, seqno, previous }: ShownLink): boolean {
  const { kids, sigIds } = revocationsOf(payload);
  const { high_skip: skip, ignore_if_unsupported: ignore = false, body } = payload;
  return (
    body.version === 2 &&
    outer.seqno === seqno &&
    hex(outer.previous) === previous &&
    outer.ignore === ignore &&
    (type === undefined || outer.type === typeNumber(type, kids.length + sigIds.length > 0)) &&
    outer.highSkip?.seqno === skip?.seqno &&
    hex(outer.highSkip?.hash) === (skip?.hash ?? undefined)
  );
}

/** A server's word that differs from the link's own: it is broken, or it means to lead somebody astray. */
function verifyEntry({ entry: said, seqno, previous, payload }: ShownLink, id: string, sigId: string): void {
  const same =
    (said.seqno === undefined || said.seqno === seqno) &&
    (said.prev === undefined || (said.prev ?? undefined) === previous) &&
    (said.payload_hash === undefined || said.payload_hash === id) &&
    (said.sig_id === undefined || said.sig_id === sigId) &&
    (!said.fingerprint || said.fingerprint === payload.body.key.fingerprint);
  if (!same) throw refused('server-other');
}
