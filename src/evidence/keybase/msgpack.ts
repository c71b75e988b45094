// MessagePack as Keybase signs it: nil, booleans, unsigned integers, strings, octets, arrays, maps with sorted names. A value
// has one encoding here (shortest form), so that nobody makes a second signature id of a signature by writing it otherwise.
import { parseUtf8, Reader } from '../../protocol/wire.ts';
import { refused, refusedAs } from '../refusal.ts';

export type Packed = null | boolean | number | string | Uint8Array | readonly Packed[] | ReadonlyMap<string, Packed>;

const MAX_DEPTH = 8;

/** Decodes one value that fills `octets`; anything else is a refusal for `syntax`. */
export function unpack(octets: Uint8Array): Packed {
  return refusedAs('syntax', () => {
    const reader = new Reader(octets);
    const value = readValue(reader, 0);
    reader.finish();
    return value;
  });
}

function readValue(reader: Reader, depth: number): Packed {
  if (depth > MAX_DEPTH) throw refused('syntax');
  const tag = reader.u8();
  if (tag <= 0x7f) return tag;
  if (tag <= 0x8f) return readMap(reader, tag & 0x0f, depth);
  if (tag <= 0x9f) return readArray(reader, tag & 0x0f, depth);
  if (tag <= 0xbf) return parseUtf8(reader.octets(tag & 0x1f));
  switch (tag) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return reader.octets(reader.u8());
    case 0xc5:
      return reader.octets(atLeast(reader.u16(), 0x100));
    case 0xc6:
      return reader.octets(atLeast(reader.u32(), 0x1_0000));
    case 0xcc:
      return atLeast(reader.u8(), 0x80);
    case 0xcd:
      return atLeast(reader.u16(), 0x100);
    case 0xce:
      return atLeast(reader.u32(), 0x1_0000);
    default:
      throw refused('syntax');
  }
}

/** What fits a shorter form is written in it. */
function atLeast(value: number, least: number): number {
  if (value < least) throw refused('syntax');
  return value;
}

function readArray(reader: Reader, length: number, depth: number): Packed[] {
  return Array.from({ length }, () => readValue(reader, depth + 1));
}

function readMap(reader: Reader, length: number, depth: number): Map<string, Packed> {
  const map = new Map<string, Packed>();
  let last = '';
  for (let i = 0; i < length; i++) {
    const name = readValue(reader, depth + 1);
    if (typeof name !== 'string' || (i > 0 && name <= last)) throw refused('syntax');
    last = name;
    map.set(name, readValue(reader, depth + 1));
  }
  return map;
}
