// Keybase chains of our own making, for what the public ones do not show: signed with fresh keys, one link at a time.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, formatBase64, formatHex, parseHex, utf8 } from '../../src/protocol/wire.ts';

type Packable =
  boolean | number | string | null | Uint8Array | readonly Packable[] | { readonly [name: string]: Packable };

/** MessagePack in the shortest form, names sorted: what Keybase's clients write. */
export function pack(value: Packable): Uint8Array {
  if (value === null) return Uint8Array.of(0xc0);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xc3 : 0xc2);
  if (typeof value === 'number')
    return value < 0x80 ? Uint8Array.of(value) : Uint8Array.of(0xcd, value >> 8, value & 255);
  if (typeof value === 'string') return concat(Uint8Array.of(0xa0 | value.length), utf8(value));
  if (value instanceof Uint8Array) {
    const { length } = value;
    return concat(length < 0x100 ? Uint8Array.of(0xc4, length) : Uint8Array.of(0xc5, length >> 8, length & 255), value);
  }
  if (Array.isArray(value)) return concat(Uint8Array.of(0x90 | value.length), ...value.map(pack));
  const names = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return concat(Uint8Array.of(0x80 | names.length), ...names.flatMap(([name, member]) => [pack(name), pack(member)]));
}

export interface Key {
  readonly kid: string;
  readonly secret: Uint8Array;
}

export function key(seed: number): Key {
  const secret = new Uint8Array(32).fill(seed);
  return { kid: `0120${formatHex(ed25519.getPublicKey(secret))}0a`, secret };
}

export function sign({ kid, secret }: Key, payload: Uint8Array, { hash = false } = {}): string {
  const body = {
    detached: true,
    hash_type: 10,
    key: parseHex(kid, 35),
    payload,
    sig: ed25519.sign(payload, secret),
    sig_type: 32,
  };
  const packet = { body, tag: 514, version: 1 };
  if (!hash) return formatBase64(pack(packet));
  const value = sha256(pack({ ...packet, hash: { type: 8, value: new Uint8Array() } }));
  return formatBase64(pack({ ...packet, hash: { type: 8, value } }));
}

export const USERNAME = 'max32';
export const UID = `${formatHex(sha256(utf8(USERNAME))).slice(0, 30)}19`;
export const TIME = 1_493_675_276;

interface Entry {
  readonly [member: string]: unknown;
  readonly sig: string;
  readonly payload_json: string;
}

/** A chain that grows; `add` signs a link of version 1 and says the ids it got. */
export function chain(eldest: Key) {
  const entries: Entry[] = [];
  const keys = new Set([eldest.kid]);
  let previous: string | null = null;
  const link = (by: Key, body: object, extra: object = {}): string =>
    sorted({
      body: {
        key: { eldest_kid: eldest.kid, host: 'keybase.io', kid: by.kid, uid: UID, username: USERNAME },
        version: 1,
        ...body,
      },
      ctime: TIME + entries.length,
      expire_in: 314_496_000,
      prev: previous,
      seqno: entries.length + 1,
      tag: 'signature',
      ...extra,
    });
  const push = (by: Key, text: string): string => {
    const sig = sign(by, utf8(text));
    entries.push({ kid: by.kid, sig, payload_json: text, sig_version: 1 });
    previous = formatHex(sha256(utf8(text)));
    return sigIdOf(sig);
  };
  return {
    entries,
    keys,
    add: (by: Key, body: object, extra: object = {}) => push(by, link(by, body, extra)),
    addSibkey: (by: Key, added: Key, reverseBy: Key = added) => {
      keys.add(added.kid);
      const section = (reverse: string | null) => ({
        type: 'sibkey',
        sibkey: { kid: added.kid, reverse_sig: reverse },
      });
      return push(by, link(by, section(sign(reverseBy, utf8(link(by, section(null)))))));
    },
    document: () => ({ username: USERNAME, uid: UID, chain: entries, keys: [...keys] }),
  };
}

export const sigIdOf = (sig: string): string => `${formatHex(sha256(Buffer.from(sig, 'base64')))}0f`;

/** JSON with the members of every object in order. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${sorted(member)}`).join()}}`;
}
