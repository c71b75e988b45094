// The index of a chain (§9.4): which definitions its owner has records of, and where they are. In public, or sealed for who knows
// one of his identifiers: sealed-index.ts opens those.
import { z } from 'zod';
import { WhereaboutsError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { b64u } from '../token/claims.ts';

/** Where the record of a definition is, and its SHA-256 (b64u). */
export interface IndexRecord {
  readonly ref: string;
  readonly hash: string;
}

/** An entry that only who has one of the seals can read. */
export interface SealedEntry {
  /** The entry's own key, wrapped for each name: b64u of 60 octets. */
  readonly keys: readonly string[];
  /** b64u. */
  readonly box: string;
}

export interface ChainIndex {
  /** By the definition's URI. */
  readonly index: Readonly<Record<string, IndexRecord>>;
  readonly sealed: readonly SealedEntry[];
}

export const EMPTY_INDEX: ChainIndex = { index: {}, sealed: [] };

const SCHEMES = /^(?:https:\/\/[a-z0-9]|did:[a-z0-9]+:|ipfs:\/\/[A-Za-z0-9]|urn:[A-Za-z0-9])/;

/** A URI of the few schemes there are: no `tel:`, no `mailto:`, and no user part, in which an address would fit. */
export function isIndexUri(text: string): boolean {
  if (text.length > LIMITS.chainUriOctets || !/^[!#-;=?-Z_a-z~]+$/.test(text) || !SCHEMES.test(text)) return false;
  return !text.startsWith('https:') || (URL.parse(text)?.href === text && !/^https:\/\/[^/]*@/.test(text));
}

const uri = z.string().refine(isIndexUri);
const record = z.strictObject({ ref: uri, hash: b64u(32) });
const sealedEntry = z.strictObject({
  keys: z.array(b64u(60)).min(1).max(LIMITS.chainSealedNames),
  box: b64u().refine((box) => box.length > 0),
});
const sealedEntries = z.array(sealedEntry).max(LIMITS.chainSealedEntries);

/** Reads one record of an index; throws. */
export const parseIndexRecord = (value: unknown): IndexRecord => record.parse(value);

/** Reads both parts of an index; throws where anything is not as it must be. */
export function parseIndex(index: unknown, sealed: unknown): ChainIndex {
  if (typeof index !== 'object' || index === null || Array.isArray(index)) throw invalid('an index is an object');
  const entries = Object.entries(index);
  if (entries.length > LIMITS.chainIndexEntries) throw invalid('too many entries');
  if (!entries.every(([definition]) => isIndexUri(definition))) throw invalid('a definition is a URI');
  return {
    index: Object.fromEntries(entries.map(([definition, value]) => [definition, parseIndexRecord(value)])),
    sealed: sealed === undefined ? [] : sealedEntries.parse(sealed),
  };
}

const invalid = (message: string): WhereaboutsError => new WhereaboutsError('request-invalid', message);
