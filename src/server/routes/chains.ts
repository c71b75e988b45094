// /v1/chains (§9.6): new chains, more links, whole chains, their DID documents, and who claims an account.
import type { Hono } from 'hono';
import { z } from 'zod';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { formatB64u, parseB64u, utf8 } from '../../protocol/wire.ts';
import { readJson } from '../body.ts';
import type { DirectoryContext } from '../context.ts';
import { append, type Appended } from '../directory/chain-append.ts';
import { readChainReply, readDidDocument, searchChains } from '../directory/chain-read.ts';
import { endpoint, parameter, type Env } from '../http.ts';
import { countOutcome } from '../metrics.ts';
import { sendOctets } from './octets.ts';

/** The body that brings a link. */
export const linkRequest = z.strictObject({ link: z.string().max(LIMITS.tokenOctets) });

const PRIVATE = { 'content-type': 'application/json', 'cache-control': 'no-store' };
/** A chain may grow any time; whoever has one asks whether it is still the newest. */
const ASK_AGAIN = 'public, no-cache';
const FOR_MINUTES = 'public, max-age=300';

/** All receipts of a bucket are the same but for what they are about. */
const receiptOf = ({ id, seq, proven }: Appended): string => `{"id":"${id}","seq":${seq},${proven.text.slice(1)}`;

export function chainRoutes(app: Hono<Env>, ctx: DirectoryContext): void {
  const count = (appended: Promise<Appended>) =>
    countOutcome(ctx.metrics, 'chain_links_total', appended, ({ outcome }) => outcome);

  endpoint(app, '/v1/chains', {
    POST: async (c) => {
      const { link } = await readJson(c, linkRequest);
      const done = await count(append(ctx, undefined, link, c.env?.client ?? 'unknown'));
      return c.body(receiptOf(done), done.outcome === 'created' ? 201 : 200, PRIVATE);
    },
    GET: async (c) => {
      const { account, after, ...rest } = c.req.query();
      if (account === undefined || Object.keys(rest).length > 0)
        throw new WhereaboutsError('request-invalid', 'chains are searched by account, and by nothing else');
      const page = await searchChains(ctx, account, after === undefined ? undefined : parseB64u(after, 32));
      return sendOctets(c, utf8(JSON.stringify(page)), { type: 'application/json', cache: ASK_AGAIN });
    },
  });

  endpoint(app, '/v1/chains/:id', {
    POST: async (c) => {
      const id = formatB64u(parseB64u(parameter(c, 'id'), 32));
      const { link } = await readJson(c, linkRequest);
      const done = await count(append(ctx, id, link, c.env?.client ?? 'unknown'));
      return c.body(receiptOf(done), done.outcome === 'appended' ? 201 : 200, PRIVATE);
    },
    GET: async (c) => {
      const octets = await readChainReply(ctx, parseB64u(parameter(c, 'id'), 32));
      return sendOctets(c, octets, { type: 'application/x-ndjson', cache: ASK_AGAIN });
    },
  });

  endpoint(app, '/v1/chains/:id/did.json', {
    GET: async (c) => {
      const document = await readDidDocument(ctx, parseB64u(parameter(c, 'id'), 32));
      return sendOctets(c, utf8(JSON.stringify(document)), { type: 'application/did+ld+json', cache: FOR_MINUTES });
    },
  });
}
