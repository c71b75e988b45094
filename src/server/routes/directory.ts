// The directory's public API: every path it has. What each does is in the files beside this one and in server/directory.
import type { Hono } from 'hono';
import type { DirectoryContext } from '../context.ts';
import { createReadiness } from '../directory/readiness.ts';
import { createHttpApp, type Env } from '../http.ts';
import { DIRECTORY } from '../reference/directory.ts';
import { bucketRoutes } from './buckets.ts';
import { chainAccountRoutes } from './chain-accounts.ts';
import { conversationRoutes } from './conversations.ts';
import { chainRoutes } from './chains.ts';
import { descriptionRoute } from './description.ts';
import { evaluateRoutes } from './evaluate.ts';
import { healthRoutes } from './health.ts';
import { logRoutes } from './log.ts';
import { providerRoutes } from './providers.ts';
import { recordRoutes } from './records.ts';
import { referenceRoute } from './reference.ts';

/** The directory's app, to be served at the directory's `url`. */
export function directoryApp(ctx: DirectoryContext): Hono<Env> {
  const app = createHttpApp(ctx, { role: 'directory', origins: '*' });
  evaluateRoutes(app, ctx);
  recordRoutes(app, ctx);
  chainRoutes(app, ctx);
  bucketRoutes(app, ctx);
  logRoutes(app, ctx);
  chainAccountRoutes(app, ctx);
  conversationRoutes(app, ctx);

  descriptionRoute(app, ctx.description);
  referenceRoute(app, 'directory', DIRECTORY);
  providerRoutes(app, ctx);

  healthRoutes(app, createReadiness(ctx));
  return app;
}
