// POST /v1/evaluate (§3).
import type { Hono } from 'hono';
import { z } from 'zod';
import { LIMITS } from '../../protocol/limits.ts';
import { formatB64u } from '../../protocol/wire.ts';
import { readJson } from '../body.ts';
import type { DirectoryContext } from '../context.ts';
import { evaluate } from '../directory/evaluate.ts';
import { endpoint, type Env } from '../http.ts';
import { countOutcome } from '../metrics.ts';
import { rateLimitHeaders } from './rate-limit.ts';

/** The body of an evaluation. */
export const evaluateRequest = z.strictObject({
  key: z.string().regex(/^[0-9a-f]{16}$/),
  blinded: z.array(z.string()).min(1).max(LIMITS.evaluateElements),
});

export function evaluateRoutes(app: Hono<Env>, ctx: DirectoryContext): void {
  endpoint(app, '/v1/evaluate', {
    POST: async (c) => {
      const asked = await readJson(c, evaluateRequest);
      const credentials = { authorization: c.req.header('authorization'), address: c.env?.client ?? 'unknown' };
      const evaluation = evaluate(ctx, asked, credentials, c.req.raw.signal);
      const { key, evaluated, proof, balances } = await countOutcome(
        ctx.metrics,
        'evaluations_total',
        evaluation,
        () => 'done',
      );
      return c.json({ key, evaluated: evaluated.map(formatB64u), proof: formatB64u(proof) }, 200, {
        'cache-control': 'no-store',
        ...rateLimitHeaders(balances),
      });
    },
  });
}
