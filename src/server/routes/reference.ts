// GET /openapi.json: the API's own reference. Made when it is first asked for; the tables are in server/reference.
import type { Hono } from 'hono';
import { utf8 } from '../../protocol/wire.ts';
import { tagged, type Reply } from '../cache.ts';
import { endpoint, type Env } from '../http.ts';
import { describeApi, type Api } from '../reference/document.ts';
import { JSON_TYPE, type Operation } from '../reference/operation.ts';
import { sendReply } from './octets.ts';

export function referenceRoute(app: Hono<Env>, api: Api, operations: readonly Operation[]): void {
  let made: Promise<Reply> | undefined;
  endpoint(app, '/openapi.json', {
    GET: async (c) => {
      made ??= tagged(utf8(JSON.stringify(describeApi(api, operations))));
      return sendReply(c, await made, { type: JSON_TYPE, cache: 'public, max-age=300' });
    },
  });
}
