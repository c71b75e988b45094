// TXT records on Node, for evidence (§9.3): a name that is not there has none, and a server that does not say is no answer.
import { Resolver } from 'node:dns/promises';
import { unreached } from '../../evidence/verdict.ts';

const NONE = new Set(['ENODATA', 'ENOTFOUND']);

/** Asks `server` (`address:port`), or those of the system. */
export function createTxtResolver(server?: string): (name: string) => Promise<string[]> {
  const resolver = new Resolver({ timeout: 1_500, tries: 2 });
  if (server !== undefined) resolver.setServers([server]);
  return async (name) => {
    try {
      return (await resolver.resolveTxt(name)).map((strings) => strings.join(''));
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && NONE.has(String(cause.code))) return [];
      throw unreached('host-silent', undefined, cause);
    }
  };
}
