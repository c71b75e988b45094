// One call of another server's API: JSON out, octets back, refusals as errors, a moment after which nobody waits. Knows no endpoint.
import type { z } from 'zod';
import type { Method, SafeFetch } from '../evidence/safe-fetch.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { parseJson } from '../protocol/json.ts';
import { LIMITS } from '../protocol/limits.ts';
import { readProblem } from './problem.ts';

/** What a call needs of the world: time in milliseconds since 1970. */
export interface CallParts {
  readonly fetch: SafeFetch;
  readonly clock: () => number;
}

export interface Call {
  readonly url: string;
  /** The moment (milliseconds) at which the answer is no longer waited for. */
  readonly until: number;
  readonly method?: Method;
  /** Media type of a good reply. */
  readonly accept?: string;
  readonly maxOctets?: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The whole `Authorization` header. */
  readonly authorization?: string;
}

/** Calls and gives the octets of a 2xx reply; anything else throws with the server's own code. */
export async function call(parts: CallParts, request: Call): Promise<Uint8Array> {
  const { url, until, method = 'GET', accept = 'application/json', body, authorization } = request;
  const timeoutMs = until - parts.clock();
  if (timeoutMs <= 0) throw new WhereaboutsError('peer-unreachable', 'no time left to ask');
  const reply = await parts.fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    accept: [accept],
    maxOctets: request.maxOctets ?? LIMITS.requestOctets,
    // §8.1 for reads; who answers a write may himself be waiting for somebody.
    timeoutMs: method === 'GET' ? Math.min(timeoutMs, LIMITS.fetchMilliseconds) : timeoutMs,
    describedPort: true,
  });
  if (reply.status < 200 || reply.status > 299) throw readProblem(reply);
  return reply.body;
}

/** Parses a reply by its schema. One that does not fit is as good as none: `peer-unreachable`. */
export function parseReply<T>(schema: z.ZodType<T>, octets: Uint8Array): T {
  try {
    return schema.parse(parseJson(octets));
  } catch (cause) {
    throw new WhereaboutsError('peer-unreachable', 'the reply is not what the protocol says', { cause });
  }
}
