// Octets as DIDs and CIDs write them: base58btc and base32. Strict: what is read is what writing it again gives.
import { refused } from '../refusal.ts';

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** The work grows with the square of the length: a key is far shorter. */
const MOST = 128;

/** base58btc (the Bitcoin alphabet), leading ones as zero octets. */
export function parseBase58(text: string): Uint8Array {
  if (text.length > MOST || !/^[1-9A-HJ-NP-Za-km-z]*$/.test(text)) throw refused('syntax');
  const zeros = /^1*/.exec(text)?.[0].length ?? 0;
  let value = 0n;
  for (const character of text) value = value * 58n + BigInt(BASE58.indexOf(character));
  const out: number[] = [];
  for (; value > 0n; value >>= 8n) out.push(Number(value & 255n));
  return Uint8Array.from([...Array.from({ length: zeros }, () => 0), ...out.toReversed()]);
}

/** The inverse of `parseBase58`. */
export function formatBase58(octets: Uint8Array): string {
  const zeros = octets.findIndex((octet) => octet !== 0);
  let value = octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  let out = '';
  for (; value > 0n; value /= 58n) out = BASE58.charAt(Number(value % 58n)) + out;
  return '1'.repeat(zeros < 0 ? octets.length : zeros) + out;
}

/** RFC 4648 base32 in lower case without padding, as CIDs and `did:plc` have it. */
export function formatBase32(octets: Uint8Array): string {
  let [out, held, bits] = ['', 0, 0];
  for (const octet of octets) {
    held = ((held << 8) | octet) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) out += BASE32.charAt((held >> (bits - 5)) & 31);
  }
  return bits === 0 ? out : out + BASE32.charAt((held << (5 - bits)) & 31);
}
