// Answers that others may keep: an entity tag over the octets, and "not modified" for who has them (RFC 9110 §13.1.2).
import { formatHex } from '../protocol/wire.ts';

/** Octets as they go out, with their entity tag. */
export interface Reply {
  readonly tag: string;
  readonly octets: Uint8Array;
}

/** With their strong entity tag: hex SHA-256, quoted. By the platform, which is quicker for so many. */
export async function tagged(octets: Uint8Array): Promise<Reply> {
  const hash = await crypto.subtle.digest('SHA-256', octets);
  return { tag: `"${formatHex(new Uint8Array(hash))}"`, octets };
}

/** Whether `If-None-Match` names `tag`; weak comparison. */
export function isMatched(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
