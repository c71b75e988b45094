// What another server's refusal means here: a problem document (RFC 9457) becomes the error with its code. Nothing it wrote is repeated.
import { isNetworkName } from '../protocol/conversation/members.ts';
import { isCode, WhereaboutsError, type Code, type Extensions } from '../protocol/errors.ts';
import { parseJsonObject, type Json } from '../protocol/json.ts';

/** The parts of a reply that say no. */
export interface Refusal {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Extension members our servers send, each with the shape it must have: anything else is dropped. */
const EXTENSIONS: Readonly<Record<string, (value: Json) => boolean>> = {
  depth: isCount,
  epoch: isCount,
  index: isCount,
  keys: (value) => Array.isArray(value) && value.every((key) => typeof key === 'string' && /^[0-9a-f]{16}$/.test(key)),
  networks: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string' && isNetworkName(name)),
  retryAfter: isCount,
};

/**
 * The error behind a reply outside 2xx. A code off the closed list is `peer-unreachable` from a server in trouble (5xx)
 * and `request-invalid` from one that refuses. `detail` is dropped: a peer's prose may hold what it was sent (§12).
 */
export function readProblem(reply: Refusal): WhereaboutsError {
  const document = parseDocument(reply.body);
  const given = document['code'];
  const fallback: Code = reply.status >= 400 && reply.status < 500 ? 'request-invalid' : 'peer-unreachable';
  const known: Record<string, string | number | string[]> = {};
  for (const [member, fits] of Object.entries(EXTENSIONS)) {
    const value = document[member];
    if (value !== undefined && fits(value)) known[member] = value as string | number | string[];
  }
  const extensions: Extensions = known;
  return new WhereaboutsError(isCode(given) ? given : fallback, undefined, { extensions });
}

function isCount(value: Json): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parseDocument(body: Uint8Array): { [member: string]: Json } {
  try {
    return parseJsonObject(body);
  } catch {
    return {}; // no problem document: the status alone speaks
  }
}
