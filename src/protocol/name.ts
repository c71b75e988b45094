// From the OPRF's output to what a directory files under and what seals the record (§3), and the mark that ties an account (§4.1).
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, formatB64u, utf8 } from './wire.ts';

export interface BlindedName {
  /** What the directory files under: 32 octets. */
  readonly name: Uint8Array;
  /** The AES-256-GCM key that seals the record: 32 octets, never sent. */
  readonly seal: Uint8Array;
}

const expand = (output: Uint8Array, info: string): Uint8Array => hkdf(sha256, output, new Uint8Array(), utf8(info), 32);

/** `output`: the 64 octets of Finalize. */
export function deriveName(output: Uint8Array): BlindedName {
  return { name: expand(output, 'whereabouts/v1 name'), seal: expand(output, 'whereabouts/v1 seal') };
}

/** The `account` claim, b64u: the address as it stands, no folding, no normalisation. */
export const accountMac = (seal: Uint8Array, address: string): string =>
  formatB64u(hmac(sha256, seal, concat(utf8('whereabouts/v1 account'), Uint8Array.of(0), utf8(address))));
