// How the sandbox's providers know their users on the page: a code that a real one would send to the person's phone or mailbox, and
// that this one shows. Whoever gets it right is given the credentials of the account, which in the sandbox anybody may make up anyway.
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import type { Random } from '../../../protocol/oprf.ts';
import { equalOctets, utf8 } from '../../../protocol/wire.ts';
import { readJson } from '../../../server/body.ts';
import type { Context as World } from '../../../server/context.ts';
import { createHttpApp, endpoint, type Env } from '../../../server/http.ts';
import type { Fetch } from '../serve.ts';

const account = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/);
const codeRequest = z.strictObject({ account });
const sessionRequest = z.strictObject({ account, code: z.string().max(16) });

const PRIVATE = { 'cache-control': 'no-store' };
const LIFE_MILLISECONDS = 600_000;
const TRIES = 5;
/** Codes waiting to be typed: the oldest is forgotten. */
const WAITING = 1_000;

interface Sent {
  readonly code: string;
  readonly until: number;
  tries: number;
}

/** What begins with `/sandbox/` at a provider. */
export function signInApp(world: World): Hono<Env> {
  const app = createHttpApp(world, { role: 'issuer', origins: '*' });
  const sent = new Map<string, Sent>();
  endpoint(app, '/sandbox/codes', {
    POST: async (c: Context<Env>) => {
      const { account } = await readJson(c, codeRequest);
      const code = makeCode(world.random);
      sent.delete(account);
      sent.set(account, { code, until: world.clock() + LIFE_MILLISECONDS, tries: 0 });
      const oldest = sent.size > WAITING ? sent.keys().next().value : undefined;
      if (oldest !== undefined) sent.delete(oldest);
      return c.json({ shown: code }, 200, PRIVATE);
    },
  });
  endpoint(app, '/sandbox/sessions', {
    POST: async (c: Context<Env>) => {
      const { account, code } = await readJson(c, sessionRequest);
      const known = sent.get(account);
      if (known === undefined || known.until < world.clock() || known.tries >= TRIES)
        throw new WhereaboutsError('credentials-invalid');
      known.tries += 1;
      if (!equalOctets(utf8(known.code), utf8(code))) throw new WhereaboutsError('credentials-invalid');
      sent.delete(account);
      return c.json({ authorization: `Bearer sandbox-${account}` }, 200, PRIVATE);
    },
  });
  return app;
}

/** Six digits, each as likely as the others. */
function makeCode(random: Random): string {
  const digits: number[] = [];
  while (digits.length < 6) digits.push(...Array.from(random(12)).filter((octet) => octet < 250));
  return digits
    .slice(0, 6)
    .map((octet) => octet % 10)
    .join('');
}

/** A provider with its sign-in beside it. */
export const withSignIn =
  (issuer: Fetch, signIn: Fetch): Fetch =>
  (request, bindings) =>
    (new URL(request.url).pathname.startsWith('/sandbox/') ? signIn : issuer)(request, bindings);
