// Matrix Identity Service API (Matrix 1.11), as far as it is about looking people up: nobody is registered here, and no address
// is bound or validated; those paths are `M_UNRECOGNIZED`.
import type { Context, Hono } from 'hono';
import type { Client } from '../../client/client.ts';
import type { SafeFetch } from '../../evidence/safe-fetch.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Random } from '../../protocol/oprf.ts';
import { formatHex } from '../../protocol/wire.ts';
import { readJson } from '../body.ts';
import type { Clock, Quota } from '../context.ts';
import { endpoint, type Env } from '../http.ts';
import { createAllowance } from '../lookups/allowance.ts';
import {
  ALGORITHM,
  checkAlgorithm,
  lookupRequest,
  mapAddresses,
  registerRequest,
  termsRequest,
  VERSIONS,
} from '../lookups/matrix-identity.ts';
import { verifyOpenId } from '../lookups/matrix-openid.ts';
import { createSessions } from '../lookups/matrix-sessions.ts';
import { readBearer } from './bearer.ts';

const V2 = '/_matrix/identity/v2';
const PEPPER_OCTETS = 16;
/** Seconds-long checks of OpenID tokens under way at once. */
const REGISTRATIONS = 32;

export interface MatrixIdentity {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: SafeFetch;
  readonly homeservers: ReadonlySet<string>;
  readonly quota: Quota;
}

export function serveMatrixIdentity(app: Hono<Env>, client: Client, context: MatrixIdentity): void {
  const { clock, random, quota } = context;
  const sessions = createSessions(context);
  const allowance = createAllowance(quota, clock);
  // Required by the specification and of no use with `none`: another one after each start, so that it is known to change.
  const pepper = formatHex(random(PEPPER_OCTETS));
  const register = createRegistrations(context);

  /** Who asks; `M_UNAUTHORIZED` where that is nobody we know. */
  const userOf = (c: Context<Env>): string => {
    const user = sessions.find(readBearer(c));
    if (user === undefined) throw new WhereaboutsError('credentials-invalid');
    return user;
  };

  endpoint(app, '/_matrix/identity/versions', { GET: (c) => c.json({ versions: VERSIONS }) });
  endpoint(app, V2, { GET: (c) => c.json({}) });
  endpoint(app, `${V2}/terms`, {
    // No terms: what an operator wants agreed to is settled with the homeserver that is on the list.
    GET: (c) => c.json({ policies: {} }),
    POST: async (c) => {
      userOf(c);
      await readJson(c, termsRequest);
      return c.json({});
    },
  });
  endpoint(app, `${V2}/account/register`, {
    POST: async (c) => {
      const request = await readJson(c, registerRequest);
      const token = sessions.open(await register(request.matrix_server_name, request.access_token));
      // Clients of before 1.0 read the second one.
      return c.json({ token, access_token: token });
    },
  });
  endpoint(app, `${V2}/account`, { GET: (c) => c.json({ user_id: userOf(c) }) });
  endpoint(app, `${V2}/account/logout`, {
    POST: (c) => {
      userOf(c);
      sessions.close(readBearer(c));
      return c.json({});
    },
  });
  endpoint(app, `${V2}/hash_details`, {
    GET: (c) => {
      userOf(c);
      return c.json({ algorithms: [ALGORITHM], lookup_pepper: pepper });
    },
  });
  endpoint(app, `${V2}/lookup`, {
    POST: async (c) => {
      const user = userOf(c);
      const request = await readJson(c, lookupRequest, LIMITS.whereRequestOctets);
      checkAlgorithm(request, pepper);
      allowance.charge(user, request.addresses.length);
      return c.json({ mappings: await mapAddresses(client, request.addresses) });
    },
  });
}

/** Checks OpenID tokens, a bounded number at once: whoever registers is not known yet. */
function createRegistrations({ fetch, homeservers }: MatrixIdentity) {
  let running = 0;
  return async (server: string, token: string): Promise<string> => {
    if (!homeservers.has(server))
      throw new WhereaboutsError('issuer-refused', 'users of this homeserver are not served here');
    if (running >= REGISTRATIONS)
      throw new WhereaboutsError('overloaded', undefined, { extensions: { retryAfter: 5 } });
    running += 1;
    try {
      return await verifyOpenId(fetch, server, token);
    } finally {
      running -= 1;
    }
  };
}
