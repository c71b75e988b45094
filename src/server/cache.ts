// Answers that others may keep: an entity tag over the octets, and "not modified" for who has them (RFC 9110 §13.1.2).
import { sha256 } from '@noble/hashes/sha2.js';
import { formatHex } from '../protocol/wire.ts';

/** The strong entity tag of a body: hex SHA-256, quoted. */
export const entityTag = (body: Uint8Array): string => `"${formatHex(sha256(body))}"`;

/** Whether `If-None-Match` names `tag`; weak comparison. */
export function isMatched(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
