// What chains are called (§9.1, §9.3, §9.4): where the map files one, the marker that proves an account, the mark that ties a
// chain to a record. Reads no link.
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalOctets, concat, formatB64u, parseB64u, utf8 } from '../wire.ts';

/** b64u SHA-256 of a link's octets: of the first one it is the chain's id. */
export const linkHash = (link: string): string => formatB64u(sha256(utf8(link)));

/** What the map files a chain under, whatever OPRF keys there are; `id`: 32 octets. */
export const chainName = (id: Uint8Array): Uint8Array =>
  hkdf(sha256, id, new Uint8Array(), utf8('whereabouts/v1 chain'), 32);

/** Whether an entry of the map is a chain's: it is filed under what follows from its holder. A record never is (§5.2). */
export const isChainEntry = ({ name, holder }: { readonly name: Uint8Array; readonly holder: Uint8Array }): boolean =>
  equalOctets(name, chainName(holder));

/** The octets of a chain as the map has them: links joined by LF. */
export const chainOctets = (links: readonly string[]): Uint8Array => utf8(links.join('\n'));

/** What has to stand in a post by the account that a link claims; `link` is the link's hash, b64u. */
export const proofMarker = (link: string): string => `whereabouts-proof=${link}`;

/**
 * The `proof` of an add-name link, b64u: says to who knows the identifier, and to nobody else, that the chain is of the
 * holder of the record with thumbprint `jkt`. That record has to cite the chain in turn.
 */
export const nameProof = (seal: Uint8Array, jkt: string): string =>
  formatB64u(hmac(sha256, seal, concat(utf8('whereabouts/v1 chain'), Uint8Array.of(0), utf8(jkt))));

/** Whether the proof is the one for this record; time says nothing about it. */
export function isNameProof(proof: string, seal: Uint8Array, jkt: string): boolean {
  return equalOctets(parseB64u(proof, 32), parseB64u(nameProof(seal, jkt), 32));
}
