// The third-party look-ups of the Matrix Application Service API, for the one homeserver that shows `hs_token`. Identifiers stand
// in these URLs by that standard: they are read here and go nowhere else, least of all into a log line.
import type { Context, Hono } from 'hono';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Client } from '../../client/client.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { equalOctets, utf8 } from '../../protocol/wire.ts';
import { endpoint, parameter, type Env } from '../http.ts';
import { DESCRIPTION, findUsers, nobody, PROTOCOL } from '../lookups/matrix-thirdparty.ts';
import { readBearer } from './bearer.ts';

const PREFIX = '/_matrix/app/v1/thirdparty';

export function serveMatrixThirdParty(app: Hono<Env>, client: Client, token: string): void {
  const expected = sha256(utf8(token));
  app.use(`${PREFIX}/*`, async (c, next) => {
    // Hashed first: neither the octets nor the length of the token show in the time this takes.
    if (!equalOctets(sha256(utf8(readBearer(c))), expected))
      throw new WhereaboutsError('account-refused', 'not the token of this application service', {
        extensions: { errcode: 'M_FORBIDDEN' },
      });
    await next();
  });
  endpoint(app, `${PREFIX}/protocol/:protocol`, {
    GET: (c) => {
      checkProtocol(c);
      return c.json(DESCRIPTION);
    },
  });
  endpoint(app, `${PREFIX}/user/:protocol`, {
    GET: async (c) => {
      checkProtocol(c);
      const identifier = c.req.query('identifier');
      if (identifier === undefined)
        throw new WhereaboutsError('request-invalid', 'the field "identifier" is missing', {
          extensions: { errcode: 'M_MISSING_PARAM' },
        });
      const users = await findUsers(client, identifier);
      if (users.length === 0) throw nobody();
      return c.json(users);
    },
  });
  endpoint(app, `${PREFIX}/location/:protocol`, {
    GET: (c) => {
      checkProtocol(c);
      throw nobody();
    },
  });
  for (const backwards of ['user', 'location'])
    endpoint(app, `${PREFIX}/${backwards}`, {
      GET: () => {
        throw nobody();
      },
    });
}

function checkProtocol(c: Context<Env>): void {
  if (parameter(c, 'protocol') !== PROTOCOL) throw nobody();
}
