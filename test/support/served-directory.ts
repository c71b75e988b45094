// A directory as an operator runs it: `whereabouts serve` in a process of its own on a PostgreSQL database, with an issuer it knows
// already, so that no description has to be fetched. What is asked of it goes over HTTP.
import path from 'node:path';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import { parseConfigText } from '../../src/protocol/config-text.ts';
import { createDescriptionStore } from '../../src/server/store/descriptions.ts';
import { DOMAIN } from './directory.ts';
import type { Party } from './parties.ts';
import { run, startServer, type Home, type Server } from './program.ts';

export const seconds = (): number => Math.floor(Date.now() / 1000);

/** Settings of a directory on the database at `url` that lists `parties`; further ones go in front. */
export async function prepareDirectory(
  home: Home,
  url: string,
  parties: readonly Party[],
  domain: string = DOMAIN,
): Promise<Record<string, string>> {
  const database = await openPostgres(url);
  const store = createDescriptionStore(database.db);
  for (const party of parties) {
    const body = JSON.stringify({ version: 1, domain: party.domain, name: party.domain, jwks: { keys: [party.jwk] } });
    await store.claim(party.domain, seconds(), seconds() - 1);
    await store.save(party.domain, { body, fetchedAt: seconds() });
  }
  await database.close();
  const env = {
    ...home.env,
    DATABASE_URL: url,
    WHEREABOUTS_DOMAIN: domain,
    WHEREABOUTS_PORT: '0',
    WHEREABOUTS_LISTED: parties.map((party) => party.domain).join(','),
    WHEREABOUTS_KEYS: path.join(home.folder, `keys-${new URL(url).pathname.slice(1)}.json`),
    WHEREABOUTS_QUOTA_WRITES_LISTED: '1000000 refill 1000000 per minute',
  };
  const { code, stderr } = await run(['init'], env);
  if (code !== 0) throw new Error(stderr);
  return env;
}

export interface ServedDirectory {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
}

/** Resolves once it listens. */
export async function serveDirectory(env: Record<string, string>): Promise<ServedDirectory> {
  const server = await startServer(['serve'], env, /"event":"listening"/);
  const port = Number(/"port":(\d+)/.exec(server.stderr())?.[1]);
  return { server, port, url: `http://127.0.0.1:${port}` };
}

/** Id of the OPRF key that registrations go under. */
export async function findKey(url: string): Promise<string> {
  const [key] = parseConfigText(await (await fetch(`${url}/v1/config`)).text()).keys;
  if (key === undefined) throw new Error('a configuration without a key');
  return key.id;
}
