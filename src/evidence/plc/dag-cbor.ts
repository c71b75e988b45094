// DAG-CBOR of what did:plc operations are made of: null, strings, arrays, maps with names in canonical order. Encodes only;
// what is hashed and signed is made anew from the JSON, so there is no other spelling to read.
import { compareOctets, concat, utf8 } from '../../protocol/wire.ts';
import type { Json } from '../../protocol/json.ts';
import { refused } from '../refusal.ts';

const [TEXT, ARRAY, MAP] = [3, 4, 5];
const NULL = Uint8Array.of(0xf6);

/** The canonical octets of `value`; numbers and booleans have no place in an operation and are refused. */
export function encodeDagCbor(value: Json): Uint8Array<ArrayBuffer> {
  if (value === null) return concat(NULL);
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return concat(head(ARRAY, value.length), ...value.map(encodeDagCbor));
  if (typeof value !== 'object') throw refused('syntax');
  const members = Object.entries(value)
    .map(([name, member]) => ({ name: utf8(name), member }))
    // RFC 7049 §3.9 as DAG-CBOR keeps it: shorter names first, then octet by octet.
    .toSorted((a, b) => a.name.length - b.name.length || compareOctets(a.name, b.name));
  return concat(
    head(MAP, members.length),
    ...members.flatMap(({ name, member }) => [head(TEXT, name.length), name, encodeDagCbor(member)]),
  );
}

function text(value: string): Uint8Array<ArrayBuffer> {
  const octets = utf8(value);
  return concat(head(TEXT, octets.length), octets);
}

/** Major type and length in the shortest form. */
function head(major: number, length: number): Uint8Array {
  const type = major << 5;
  if (length < 24) return Uint8Array.of(type | length);
  if (length < 0x100) return Uint8Array.of(type | 24, length);
  if (length < 0x1_0000) return Uint8Array.of(type | 25, length >> 8, length & 255);
  throw refused('size');
}
