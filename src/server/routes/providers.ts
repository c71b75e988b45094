// GET /v1/providers/{domain} and its history (§8, §8.3): other domains' descriptions as this directory fetched them.
import type { Hono } from 'hono';
import { parseDomain } from '../../protocol/domain.ts';
import { utf8 } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { readHistory, relayDescription } from '../directory/provider.ts';
import { endpoint, parameter, type Env } from '../http.ts';
import { sendOctets } from './octets.ts';

const FOR_MINUTES = 'public, max-age=300';

export function providerRoutes(app: Hono<Env>, ctx: DirectoryContext): void {
  endpoint(app, '/v1/providers/:domain', {
    GET: async (c) => {
      const { text, ttl } = await relayDescription(ctx, parseDomain(parameter(c, 'domain')));
      // RFC 9211: below zero, the domain has not been heard of for longer than it should have been.
      if (ttl !== undefined) c.header('cache-status', `"${ctx.domain}"; hit; ttl=${ttl}`);
      return sendOctets(c, utf8(text), { type: 'application/json', cache: FOR_MINUTES });
    },
  });
  endpoint(app, '/v1/providers/:domain/history', {
    GET: async (c) => {
      const history = await readHistory(ctx, parseDomain(parameter(c, 'domain')));
      return c.json(history, 200, { 'cache-control': FOR_MINUTES });
    },
  });
}
