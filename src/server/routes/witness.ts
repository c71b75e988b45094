// A witness over HTTP (c2sp.org/tlog-witness): one endpoint under a prefix, and what every role has.
import type { Hono } from 'hono';
import { readOctets } from '../body.ts';
import { createHttpApp, endpoint, type Env } from '../http.ts';
import { descriptionRoute } from './description.ts';
import { witnessOperations } from '../reference/witness.ts';
import { healthRoutes } from './health.ts';
import { referenceRoute } from './reference.ts';
import { addCheckpoint, PREFIX, type WitnessContext } from '../witness/add-checkpoint.ts';

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
const SIZE = { 'content-type': 'text/x.tlog.size', 'cache-control': 'no-store' };

/** What people read beside a status; programs go by the number. */
const CHAIN_REASONS = {
  400: 'old is larger than the checkpoint',
  403: 'no signature by a key this witness trusts for the log',
  404: 'unknown log',
  422: 'the consistency proof does not hold, or an auditor refuses an epoch',
} as const;

/** The app of a witness or an auditor, to be served at the domain's `url`. */
export function witnessApp(ctx: WitnessContext): Hono<Env> {
  const app = createHttpApp(ctx, { role: ctx.role, origins: '*' });
  endpoint(app, `${PREFIX[ctx.role]}/add-checkpoint`, {
    POST: async (c) => {
      const reply = await addCheckpoint(ctx, await readOctets(c));
      if (reply.status === 200) return c.body(reply.line, 200, TEXT);
      if (reply.status === 409) return c.body(`${reply.size}\n`, 409, SIZE);
      return c.body(`${CHAIN_REASONS[reply.status]}\n`, reply.status, TEXT);
    },
  });
  descriptionRoute(app, ctx.description);
  referenceRoute(app, ctx.role, witnessOperations(ctx.role));
  healthRoutes(app, async () => {
    // What it remembers of a log there is not. An auditor has all of it at hand.
    if (ctx.role === 'witness') await ctx.memory.find('');
  });
  return app;
}
