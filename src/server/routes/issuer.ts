// The issuer's API (§4.6): path → who asks → parse → verb → JSON. What is decided is in server/issuer.
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { readJson } from '../body.ts';
import type { IssuerContext } from '../context.ts';
import { createHttpApp, endpoint, parameter, type Env } from '../http.ts';
import { authenticate, type Account, type Accounts } from '../issuer/accounts.ts';
import { attest } from '../issuer/attest.ts';
import { createDirectories } from '../issuer/directories.ts';
import { giveNonce } from '../issuer/nonce.ts';
import { showAttestation, withdrawAttestation } from '../issuer/withdraw.ts';
import { checkReady } from '../store/database.ts';
import { descriptionRoute } from './description.ts';
import { healthRoutes } from './health.ts';

const nothing = z.strictObject({});
const attestRequest = z.strictObject({
  directory: z.string().max(253),
  // Longer than any identifier in any notation (§2), so that a long one is `identifier-invalid` and not a wrong shape.
  identifier: z.string().max(1_024),
  region: z.string().max(8).optional(),
  possession: z.string().max(LIMITS.tokenOctets),
});

const PRIVATE = { 'cache-control': 'no-store' };

/** The issuer's app, to be served at the issuer's `url` or mounted into an app there. */
export function issuerApp(ctx: IssuerContext, accounts: Accounts): Hono<Env> {
  const app = createHttpApp(ctx, { role: 'issuer', origins: '*' });
  const findDirectory = createDirectories(ctx);
  const whose = (c: Context<Env>): Promise<Account> => authenticate(accounts, c.req.raw);

  descriptionRoute(app, ctx.description);
  healthRoutes(app, async () => {
    if (!(await checkReady(ctx.db))) throw new WhereaboutsError('overloaded');
  });

  endpoint(app, '/whereabouts/nonce', {
    POST: async (c) => {
      const account = await whose(c);
      // Nothing is asked for, so nothing need be sent; what is sent must be nothing.
      if (c.req.header('content-type') !== undefined) await readJson(c, nothing);
      return c.json({ nonce: await giveNonce(ctx, account) }, 200, PRIVATE);
    },
  });

  endpoint(app, '/whereabouts/attestations', {
    POST: async (c) => {
      const account = await whose(c);
      const request = await readJson(c, attestRequest);
      return c.json(await attest(ctx, { accounts, findDirectory }, account, request), 201, PRIVATE);
    },
  });

  endpoint(app, '/whereabouts/attestations/:jti', {
    GET: async (c) => {
      const attestation = await showAttestation(ctx, parameter(c, 'jti'));
      return c.body(attestation, 200, { ...PRIVATE, 'content-type': 'application/jwt' });
    },
    DELETE: async (c) => {
      const account = await whose(c);
      const records = await withdrawAttestation(ctx, account, parameter(c, 'jti'));
      return c.json({ records }, 200, PRIVATE);
    },
  });
  return app;
}
