// GET /healthz and /readyz (§13), for the operator's own machinery: whether the process runs, and whether it can do its work.
import type { Hono } from 'hono';
import { endpoint, type Env } from '../http.ts';

const NEVER_KEPT = { 'cache-control': 'no-store' };

/** `check` throws while the work cannot be done. */
export function healthRoutes(app: Hono<Env>, check: () => Promise<void>): void {
  endpoint(app, '/healthz', { GET: (c) => c.json({ status: 'ok' }, 200, NEVER_KEPT) });
  endpoint(app, '/readyz', {
    GET: async (c) => {
      await check();
      return c.json({ status: 'ok' }, 200, NEVER_KEPT);
    },
  });
}
