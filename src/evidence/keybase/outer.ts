// The outer link of version 2: what is signed instead of the inner JSON, so that a link can be left out ("stubbed").
//
//   [version = 2, seqno, previous (32 octets or nil), SHA-256 of the inner JSON, type, seq_type?, ignore?, high_skip seqno?, hash?]
import { refused } from '../refusal.ts';
import { unpack, type Packed } from './msgpack.ts';

export interface Outer {
  readonly seqno: number;
  readonly previous: Uint8Array | undefined;
  readonly inner: Uint8Array;
  readonly type: number;
  readonly seqType: number;
  readonly ignore: boolean;
  readonly highSkip: { readonly seqno: number; readonly hash: Uint8Array | undefined } | undefined;
}

const LENGTHS = [5, 6, 7, 9];

/** Numbers of the types a user's chain may have; with a revocation in it some have another. */
export const TYPES = {
  eldest: 1,
  web_service_binding: 2,
  track: 3,
  untrack: 4,
  revoke: 5,
  cryptocurrency: 6,
  announcement: 7,
  device: 8,
  sibkey: 11,
  subkey: 12,
  pgp_update: 13,
  per_user_key: 14,
  'wallet.stellar': 15,
  'wot.vouch': 16,
  'wot.react': 18,
} as const;

export type LinkType = keyof typeof TYPES;

const REVOKING: Partial<Record<LinkType, number>> = { web_service_binding: 9, cryptocurrency: 10, 'wot.vouch': 17 };
const KNOWN: ReadonlySet<number> = new Set([...Object.values(TYPES), ...Object.values(REVOKING)]);
/** Neither keys nor accounts hang on these: who is followed, announcements, wallets. */
const LEFT_OUT: ReadonlySet<number> = new Set([
  TYPES.track,
  TYPES.untrack,
  TYPES.announcement,
  TYPES['wallet.stellar'],
]);

export const isLinkType = (text: string): text is LinkType => Object.hasOwn(TYPES, text);

/** The number a link's type has outside. */
export const typeNumber = (type: LinkType, revokes: boolean): number =>
  (revokes ? REVOKING[type] : undefined) ?? TYPES[type];

/** Refused unless a server may leave such a link out. */
export function verifyStub({ type, ignore }: Outer): void {
  if (LEFT_OUT.has(type)) return;
  if (KNOWN.has(type)) throw refused('stub-forbidden');
  if (!ignore) throw refused('type-foreign');
}

export function parseOuter(octets: Uint8Array): Outer {
  const fields = unpack(octets);
  if (!Array.isArray(fields) || !LENGTHS.includes(fields.length)) throw refused('syntax');
  const [version, seqno, previous, inner, type, seqType = 1, ignore = false, skipSeqno, skipHash]: readonly Packed[] =
    fields;
  if (version !== 2) throw refused('version-foreign');
  if (!isCount(seqno) || !isCount(type) || typeof ignore !== 'boolean' || !isHash(inner)) throw refused('syntax');
  // A user's public chain; private ones and those of teams are other chains.
  if (seqType !== 1) throw refused('sequence');
  return {
    seqno,
    previous: hashOrNil(previous),
    inner,
    type,
    seqType,
    ignore,
    highSkip: fields.length < 9 ? undefined : readSkip(skipSeqno, skipHash),
  };
}

function readSkip(seqno: Packed | undefined, hash: Packed | undefined): NonNullable<Outer['highSkip']> {
  if (seqno !== 0 && !isCount(seqno)) throw refused('syntax');
  return { seqno, hash: hashOrNil(hash) };
}

const isCount = (value: Packed | undefined): value is number => typeof value === 'number' && value > 0;
const isHash = (value: Packed | undefined): value is Uint8Array => value instanceof Uint8Array && value.length === 32;

function hashOrNil(value: Packed | undefined): Uint8Array | undefined {
  if (value === null) return undefined;
  if (!isHash(value)) throw refused('syntax');
  return value;
}
