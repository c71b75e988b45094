// The directory's public API: every path it has. What each does is in the files beside this one and in server/directory.
import type { Hono } from 'hono';
import { parseDomain } from '../../protocol/domain.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { DirectoryContext } from '../context.ts';
import { relayDescription } from '../directory/provider.ts';
import { createHttpApp, endpoint, parameter, type Env } from '../http.ts';
import { checkReady } from '../store/database.ts';
import { bucketRoutes } from './buckets.ts';
import { evaluateRoutes } from './evaluate.ts';
import { logRoutes } from './log.ts';
import { recordRoutes } from './records.ts';

const JSON_FOR_MINUTES = { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' };

/** The directory's app, to be served at the directory's `url`. */
export function directoryApp(ctx: DirectoryContext): Hono<Env> {
  const app = createHttpApp(ctx.log, { origins: '*' });
  evaluateRoutes(app, ctx);
  recordRoutes(app, ctx);
  bucketRoutes(app, ctx);
  logRoutes(app, ctx);

  endpoint(app, '/.well-known/whereabouts', { GET: (c) => c.body(ctx.description, 200, JSON_FOR_MINUTES) });

  endpoint(app, '/v1/providers/:domain', {
    GET: async (c) => {
      const domain = parseDomain(parameter(c, 'domain'));
      return c.body(await relayDescription(ctx, domain), 200, JSON_FOR_MINUTES);
    },
  });

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
