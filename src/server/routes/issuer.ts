// The issuer's API (§4.6): path → who asks → parse → verb → JSON. What is decided is in server/issuer.
import type { Context, Hono } from 'hono';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { readJson } from '../body.ts';
import type { IssuerContext } from '../context.ts';
import { createHttpApp, endpoint, parameter, type Env } from '../http.ts';
import { authenticate, type Account, type Accounts } from '../issuer/accounts.ts';
import { attest } from '../issuer/attest.ts';
import { createDirectories } from '../issuer/directories.ts';
import { giveNonce } from '../issuer/nonce.ts';
import { attestRequest, nonceRequest } from '../issuer/requests.ts';
import { showAttestation, withdrawAttestation } from '../issuer/withdraw.ts';
import { checkReady } from '../store/database.ts';
import { ISSUER } from '../reference/issuer.ts';
import { descriptionRoute } from './description.ts';
import { healthRoutes } from './health.ts';
import { referenceRoute } from './reference.ts';

const PRIVATE = { 'cache-control': 'no-store' };

/** The issuer's app, to be served at the issuer's `url` or mounted into an app there. */
export function issuerApp(ctx: IssuerContext, accounts: Accounts): Hono<Env> {
  const app = createHttpApp(ctx, { role: 'issuer', origins: '*' });
  const findDirectory = createDirectories(ctx);
  const whose = (c: Context<Env>): Promise<Account> => authenticate(accounts, c.req.raw);

  descriptionRoute(app, ctx.description);
  referenceRoute(app, 'issuer', ISSUER);
  healthRoutes(app, async () => {
    if (!(await checkReady(ctx.db))) throw new WhereaboutsError('overloaded');
  });

  endpoint(app, '/whereabouts/nonce', {
    POST: async (c) => {
      const account = await whose(c);
      // Nothing is asked for, so nothing need be sent; what is sent must be nothing.
      if (c.req.header('content-type') !== undefined) await readJson(c, nonceRequest);
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
