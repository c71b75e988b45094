// PUT /v1/records/{name} and its withdrawal (§5.2). The attestations are the credentials.
import type { Hono } from 'hono';
import { z } from 'zod';
import { LIMITS } from '../../protocol/limits.ts';
import { formatHex, parseB64u } from '../../protocol/wire.ts';
import { readJson } from '../body.ts';
import type { DirectoryContext } from '../context.ts';
import { deposit } from '../directory/deposit.ts';
import { withdraw } from '../directory/withdraw.ts';
import { endpoint, parameter, type Env } from '../http.ts';
import { countOutcome } from '../metrics.ts';

const token = z.string().max(LIMITS.tokenOctets);
/** The body of a deposit. */
export const depositRequest = z.strictObject({
  sealed: z.string().max(Math.ceil((LIMITS.sealedOctets * 4) / 3)),
  deposit: token,
  attestations: z.array(token).min(1).max(LIMITS.attestations),
});
/** The body of a withdrawal. */
export const withdrawalRequest = z.strictObject({ withdrawal: token });

/** What proves a change: the whole bucket, for a bundle without its index proves nothing about a record. */
const PRIVATE = { 'content-type': 'application/json', 'cache-control': 'no-store' };

export function recordRoutes(app: Hono<Env>, ctx: DirectoryContext): void {
  endpoint(app, '/v1/records/:name', {
    PUT: async (c) => {
      const name = parseB64u(parameter(c, 'name'), 32);
      const request = await readJson(c, depositRequest);
      const deposited = deposit(ctx, name, request, c.env?.client ?? 'unknown');
      const { outcome, digest, proven } = await countOutcome(
        ctx.metrics,
        'deposits_total',
        deposited,
        (done) => done.outcome,
      );
      // Buckets have many receipts, all the same but for the digest.
      const receipt = `{"digest":"${formatHex(digest)}",${proven.text.slice(1)}`;
      return c.body(receipt, outcome === 'created' ? 201 : 200, PRIVATE);
    },
  });

  endpoint(app, '/v1/records/:name/withdrawal', {
    POST: async (c) => {
      const name = parseB64u(parameter(c, 'name'), 32);
      const { withdrawal } = await readJson(c, withdrawalRequest);
      const withdrawn = withdraw(ctx, name, withdrawal, c.env?.client ?? 'unknown');
      const proven = await countOutcome(ctx.metrics, 'withdrawals_total', withdrawn, () => 'done');
      return c.body(proven.text, 200, PRIVATE);
    },
  });
}
