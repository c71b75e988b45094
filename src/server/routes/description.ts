// GET /.well-known/whereabouts (§8): what the domain says of itself, with an entity tag so that who has it need not read it again.
import type { Hono } from 'hono';
import { utf8 } from '../../protocol/wire.ts';
import { endpoint, type Env } from '../http.ts';
import type { OwnText } from '../own-description.ts';
import { sendOctets } from './octets.ts';

const JSON_FOR_MINUTES = { type: 'application/json', cache: 'public, max-age=300' };

export function descriptionRoute(app: Hono<Env>, description: OwnText): void {
  endpoint(app, '/.well-known/whereabouts', {
    GET: async (c) => sendOctets(c, utf8(await description()), JSON_FOR_MINUTES),
  });
}
