// Ariadne profiles by their address: `aspe:<domain>:<fingerprint>`. The domain is where to ask, and proves nothing.
import { parseAccount } from '../../protocol/account.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { parseUtf8 } from '../../protocol/wire.ts';
import type { SafeFetch } from '../safe-fetch.ts';
import { importAsp, type AspImport } from './profile.ts';

/** Fetches and verifies a profile; undefined where the domain has none. `now`: Unix seconds. */
export async function fetchAsp(
  uri: string,
  ctx: { readonly fetch: SafeFetch; readonly now: number },
): Promise<AspImport | undefined> {
  const [, domain = '', fingerprint = ''] = parseAccount('asp', uri).split(':');
  const scheme = domain.endsWith('.localhost') ? 'http' : 'https';
  const { status, body } = await ctx.fetch(`${scheme}://${domain}/.well-known/aspe/id/${fingerprint}`, {
    accept: ['application/asp+jwt'],
    maxOctets: LIMITS.importSignatureOctets,
  });
  if (status === 404 || status === 410) return undefined;
  if (status !== 200) throw new WhereaboutsError('peer-unreachable');
  return await importAsp(parseUtf8(body).trim(), { now: ctx.now, fingerprint });
}
