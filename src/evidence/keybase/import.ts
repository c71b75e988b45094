// A Keybase signature chain as an import (§9.5): a document with user, keys and links in, what it proves and what it offers
// out. Asks nobody: works on what was saved, and is valid up to its tail.
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { refused, refusedAs } from '../refusal.ts';
import type { Foreign, Offered } from '../offer.ts';
import { bindingsOf } from './accounts.ts';
import { readKeyRing } from './key-ring.ts';
import { isKid, type Kid } from './kid.ts';
import { parseLink } from './link.ts';
import { replay, type Replayed, type Subchain } from './replay.ts';

export interface KeybaseImport {
  readonly system: 'keybase';
  /** As the links say; that Keybase gave it to these keys, only its own tree shows. */
  readonly username: string;
  readonly uid: string;
  readonly eldest: Kid;
  /** Keys that may sign, and those that may only be encrypted to. */
  readonly keys: readonly Kid[];
  readonly encryptionKeys: readonly Kid[];
  readonly revokedKeys: readonly Kid[];
  readonly perUserKey: Subchain['perUserKey'];
  readonly accounts: readonly Offered[];
  /** On services this protocol has no row for. */
  readonly foreign: readonly Foreign[];
  /** The last link: nothing is said about what came after it. */
  readonly tail: Replayed['tail'];
  readonly links: { readonly counted: number; readonly stubbed: number; readonly sha1: number };
  /** How often the account was reset, and the eldest keys it had then. */
  readonly resets: readonly { readonly eldest: Kid; readonly keys: number; readonly encryptionKeys: number }[];
}

const document = z.object({
  username: z.string().regex(/^[A-Za-z0-9_]{2,32}$/),
  uid: z.string(),
  chain: z.array(z.unknown()).max(LIMITS.importLinks),
  keys: z.array(z.string().max(LIMITS.importSignatureOctets)).max(LIMITS.importLinks),
});

/**
 * Replays `{username, uid, chain, keys}`: links as Keybase's `sig/get` gives them, keys as ids or armoured PGP. `eldest` is the
 * account's eldest key now where that is known from elsewhere. Throws `import-invalid` with a reason.
 */
export async function importKeybase(
  octets: Uint8Array,
  options: { readonly eldest?: string } = {},
): Promise<KeybaseImport> {
  if (octets.length > LIMITS.importOctets) throw refused('size');
  const read = document.safeParse(refusedAs('syntax', () => parseJson(octets)));
  if (!read.success) throw refused('syntax', read.error);
  const { username, uid, chain, keys } = read.data;
  const { eldest } = options;
  if (eldest !== undefined && !isKid(eldest)) throw refused('key-missing');
  const ring = await readKeyRing(keys);
  const links = chain.map(parseLink);
  const { current, previous, tail, stubbed, sha1 } = await replay(links, { owner: { username, uid }, ring, eldest });
  return {
    system: 'keybase',
    username: username.toLowerCase(),
    uid,
    eldest: current.eldest,
    keys: current.sibkeys,
    encryptionKeys: current.subkeys,
    revokedKeys: current.revoked,
    perUserKey: current.perUserKey,
    ...bindingsOf(current.links),
    tail,
    links: { counted: current.links.length, stubbed, sha1 },
    resets: previous.map(({ eldest: was, sibkeys, subkeys }) => ({
      eldest: was,
      keys: sibkeys.length,
      encryptionKeys: subkeys.length,
    })),
  };
}
