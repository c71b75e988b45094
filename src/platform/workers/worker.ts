// A Worker: Bindings → Config → role → fetch, scheduled. Its database's schema is brought up to date from Node (`whereabouts migrate`),
// because a pooled connection holds no session lock.
import { CODES, WhereaboutsError } from '../../protocol/errors.ts';
import type { Accounts } from '../../server/issuer/accounts.ts';
import { log, openOnce, type Bindings, type Execution } from './isolate.ts';
import type { EdgeRequest } from './page-assets.ts';
import { doDue, roleFor, type Due } from './roles.ts';

/** Nothing works until the operator has put it right; what is wrong is in the log only (§12). */
const notConfigured = (): Response =>
  new Response(
    JSON.stringify({
      type: 'urn:whereabouts:error:internal-error',
      title: CODES['internal-error'],
      status: 500,
      code: 'internal-error',
    }),
    {
      status: 500,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    },
  );

const CRONS: Readonly<Record<string, Due>> = { '17 * * * *': 'hour', '*/10 * * * *': 'ten-minutes' };

export interface Worker {
  fetch(request: EdgeRequest, env: Bindings, execution: Execution): Promise<Response>;
  scheduled(event: { readonly cron: string }, env: Bindings, execution: Execution): Promise<void>;
}

/** The Worker of every role; `accounts` is an issuer's plug-in (§4.6). */
export function createWorker({ accounts }: { readonly accounts?: Accounts } = {}): Worker {
  return {
    async fetch(request, env, execution) {
      let role;
      try {
        const opened = await openOnce(env);
        role = roleFor({ opened, env, execution, accounts }, new URL(request.url).pathname);
      } catch (error) {
        log.error('configuration', { error: error instanceof WhereaboutsError ? error.message : 'not readable' });
        return notConfigured();
      }
      // Set by Cloudflare itself, whatever a caller sends.
      const client = request.headers.get('cf-connecting-ip');
      return role.fetch(request, client === null ? {} : { client });
    },
    async scheduled({ cron }, env, execution) {
      const opened = await openOnce(env);
      await doDue({ opened, env, execution, accounts }, CRONS[cron] ?? 'minute');
    },
  };
}
