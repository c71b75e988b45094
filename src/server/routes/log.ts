// The log over HTTP: what C2SP tools read under /log/ (c2sp.org/tlog-tiles), and epochs, change lists and config texts (§6.5).
import type { Hono } from 'hono';
import { parseHex } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { readChanges, readCheckpoint, readConfig, readConfigOf, readTile } from '../directory/log.ts';
import { formatEpoch, readRecent } from '../directory/published.ts';
import { endpoint, parameter, type Env } from '../http.ts';
import { sendOctets } from './octets.ts';
import { parsePlain } from './plain.ts';

const TEXT = 'text/plain; charset=utf-8';
const OCTETS = 'application/octet-stream';
const FOR_A_SECOND = 'public, max-age=1';
const FOR_A_MINUTE = 'public, max-age=60';
// Tiles never change, partial ones neither: a wider one has another path.
const FOR_EVER = 'public, max-age=31536000, immutable';

export function logRoutes(app: Hono<Env>, ctx: DirectoryContext): void {
  endpoint(app, '/log/checkpoint', {
    GET: async (c) => c.body(await readCheckpoint(ctx), 200, { 'content-type': TEXT, 'cache-control': FOR_A_SECOND }),
  });
  endpoint(app, '/log/tile/*', {
    GET: async (c) => {
      const octets = await readTile(ctx, c.req.path.slice('/log/'.length));
      return sendOctets(c, octets, { type: OCTETS, cache: FOR_EVER });
    },
  });

  endpoint(app, '/v1/epoch', {
    GET: async (c) =>
      c.body(formatEpoch(await readRecent(ctx)), 200, { 'content-type': TEXT, 'cache-control': FOR_A_SECOND }),
  });
  endpoint(app, '/v1/epochs/:epoch/changes', {
    GET: async (c) => {
      const epoch = parsePlain(parameter(c, 'epoch'), Number.MAX_SAFE_INTEGER, 'an epoch is named by a plain number');
      return sendOctets(c, await readChanges(ctx, epoch), { type: OCTETS, cache: FOR_EVER });
    },
  });

  endpoint(app, '/v1/config', {
    GET: async (c) => c.body(await readConfig(ctx), 200, { 'content-type': TEXT, 'cache-control': FOR_A_MINUTE }),
  });
  endpoint(app, '/v1/config/:hash', {
    GET: async (c) => {
      const text = await readConfigOf(ctx, parseHex(parameter(c, 'hash'), 32));
      return c.body(text, 200, { 'content-type': TEXT, 'cache-control': FOR_EVER });
    },
  });
}
