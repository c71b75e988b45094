// A chain as a `did:web` document (§9.8): keys, accounts as `alsoKnownAs`, where the chain itself is. What it says is claimed;
// whoever wants more verifies the chain. Resolves nothing.
import type { Service } from '../account.ts';
import type { ChainAccount, ChainState } from './state.ts';

/** A URI for an account of each service. */
const URIS: Readonly<Record<Service, (account: string) => string>> = {
  dns: (account) => `dns:${account}`,
  https: (account) => `https://${account}/`,
  github: (account) => `https://github.com/${account}`,
  gitlab: (account) => `https://gitlab.com/${account}`,
  activitypub: (account) => `acct:${account.slice(1)}`,
  // MSC2312 has the sigil as a word.
  matrix: (account) => `matrix:u/${encodeURIComponent(account.slice(1)).replaceAll('%3A', ':')}`,
  bluesky: (account) => `at://${account}`,
  hackernews: (account) => `https://news.ycombinator.com/user?id=${account}`,
  keybase: (account) => `https://keybase.io/${account}`,
  plc: (account) => account,
  asp: (account) => account,
};

export const accountUri = ({ service, account }: Pick<ChainAccount, 'service' | 'account'>): string =>
  URIS[service](account);

/** did:web: the path's slashes are colons, a port's colon is percent-encoded. */
export function chainDid(id: string, api: string): string {
  const { host, pathname } = new URL(api);
  const path = pathname.split('/').filter((part) => part !== '');
  return ['did:web', host.replace(':', '%3A'), ...path, 'v1', 'chains', id].join(':');
}

/** The document of a chain that is served below `api`, the base URL of a directory. */
export function didDocument({ id, keys, accounts }: ChainState, api: string): object {
  const did = chainDid(id, api);
  const methods = [...keys].map(([jkt, publicKeyJwk]) => ({
    id: `${did}#${jkt}`,
    type: 'JsonWebKey2020',
    controller: did,
    publicKeyJwk,
  }));
  const references = methods.map((method) => method.id);
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
    id: did,
    alsoKnownAs: accounts.map(accountUri),
    verificationMethod: methods,
    authentication: references,
    assertionMethod: references,
    service: [{ id: `${did}#chain`, type: 'WhereaboutsChain', serviceEndpoint: `${api}/v1/chains/${id}` }],
  };
}
