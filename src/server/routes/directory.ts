// The directory's public API: every path it has. What each does is in the files beside this one and in server/directory.
import type { Hono } from 'hono';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { DirectoryContext } from '../context.ts';
import { createHttpApp, endpoint, type Env } from '../http.ts';
import { checkReady } from '../store/database.ts';
import { bucketRoutes } from './buckets.ts';
import { descriptionRoute } from './description.ts';
import { evaluateRoutes } from './evaluate.ts';
import { logRoutes } from './log.ts';
import { providerRoutes } from './providers.ts';
import { recordRoutes } from './records.ts';

/** The directory's app, to be served at the directory's `url`. */
export function directoryApp(ctx: DirectoryContext): Hono<Env> {
  const app = createHttpApp(ctx.log, { origins: '*' });
  evaluateRoutes(app, ctx);
  recordRoutes(app, ctx);
  bucketRoutes(app, ctx);
  logRoutes(app, ctx);

  descriptionRoute(app, ctx.description);
  providerRoutes(app, ctx);

  const alive = { 'cache-control': 'no-store' };
  endpoint(app, '/healthz', { GET: (c) => c.json({ status: 'ok' }, 200, alive) });
  endpoint(app, '/readyz', {
    GET: async (c) => {
      await checkReady(ctx.db);
      if (ctx.oprfKeys.length === 0) throw new WhereaboutsError('overloaded', 'no keys');
      return c.json({ status: 'ok' }, 200, alive);
    },
  });
  return app;
}
