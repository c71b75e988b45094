// The bearer token a request shows (RFC 6750 §2.1): in the header and nowhere else, for URLs end up in logs.
import type { Context } from 'hono';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Env } from '../http.ts';

/** Throws `credentials-required` where there is none. */
export function readBearer(c: Context<Env>): string {
  const given = /^Bearer ([\x21-\x7e]+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (given === undefined) throw new WhereaboutsError('credentials-required');
  return given;
}
