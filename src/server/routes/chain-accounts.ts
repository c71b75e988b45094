// GET /v1/chains/{id}/accounts (§9.3): what this directory has seen of the accounts a chain claims.
import type { Hono } from 'hono';
import { parseB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { readVerdicts } from '../directory/account-verdicts.ts';
import { endpoint, parameter, type Env } from '../http.ts';

const FOR_A_MINUTE = 'public, max-age=60';

export function chainAccountRoutes(app: Hono<Env>, ctx: DirectoryContext): void {
  endpoint(app, '/v1/chains/:id/accounts', {
    GET: async (c) => {
      const accounts = await readVerdicts(ctx, parseB64u(parameter(c, 'id'), 32));
      return c.json({ accounts }, 200, { 'cache-control': FOR_A_MINUTE });
    },
  });
}
