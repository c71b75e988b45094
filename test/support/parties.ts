// Other domains, as a directory meets them: each has a key and a description, served from memory instead of the network.
import { exportJWK, type JWK } from 'jose';
import type { SafeFetch } from '../../src/evidence/safe-fetch.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import type { SigningKey } from '../../src/protocol/token/jws.ts';
import { utf8 } from '../../src/protocol/wire.ts';

/** A domain with a key and a description. */
export interface Party {
  readonly domain: string;
  readonly key: SigningKey;
  readonly jwk: JWK;
}

export async function createParty(domain: string): Promise<Party> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('publicKey' in pair)) throw new Error('not a key pair');
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' };
  return { domain, key: { alg: 'EdDSA', kid: 'k1', privateKey: pair.privateKey }, jwk };
}

const descriptionOf = ({ domain, jwk }: Party): string =>
  JSON.stringify({ version: 1, domain, name: domain, jwks: { keys: [jwk] } });

/** The rest of the world, as far as the directory fetches it. */
export interface World {
  /** Bodies by domain; an Error is what fetching it throws. */
  readonly descriptions: Map<string, string | WhereaboutsError>;
  /** Domains asked, in order. */
  readonly fetched: string[];
  join(...parties: readonly Party[]): void;
}

export function createWorld(): World & { readonly fetch: SafeFetch } {
  const descriptions: World['descriptions'] = new Map();
  const fetched: string[] = [];
  return {
    descriptions,
    fetched,
    join: (...parties) => parties.forEach((party) => descriptions.set(party.domain, descriptionOf(party))),
    fetch: async (url) => {
      const at = new URL(url);
      fetched.push(at.hostname);
      const body = descriptions.get(at.hostname);
      if (body === undefined) throw new WhereaboutsError('peer-unreachable');
      if (typeof body !== 'string') throw body;
      return { status: 200, headers: new Headers(), body: utf8(body), url: at };
    },
  };
}
