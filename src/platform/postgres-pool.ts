// PostgreSQL through pg, on Node and on Workers: a pool whose connections serve one statement or one transaction at a time. When
// one is lost, that one fails; nothing of it is ever continued on another connection, and nobody else notices.
import { drizzle } from 'drizzle-orm/node-postgres';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { within } from '../server/directory/sequencer/waiting.ts';
import { isDatabaseTrouble, type Db } from '../server/store/database.ts';
import * as schema from '../server/store/schema.ts';

const CONNECT_MILLISECONDS = 5_000;
/** How long `close` waits for what is under way. */
const CLOSE_MILLISECONDS = 5_000;

/** A pool for `url`, closed by `close`. Statements of one transaction are sent without waiting for one another's answers. */
export function openPool(url: string, options: PoolConfig): { readonly db: Db; close(): Promise<void> } {
  const pool = new Pool({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    pipeline: true,
    ...options,
  });
  // Statements hear of a lost connection by themselves; one that is lost while it is idle concerns nobody.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    nameByText(client);
  });

  // In place of drizzle's own, which keeps a connection for ever where `begin` fails, and gives one back to the pool that is
  // still in a transaction where `rollback` does.
  const transaction: Db['transaction'] = async (work, config) => {
    const client = await pool.connect();
    let isFit = false;
    try {
      const result = await drizzle(client, { schema }).transaction((tx) => work(tx), config);
      isFit = true;
      return result;
    } catch (error) {
      isFit = !isDatabaseTrouble(error);
      throw error;
    } finally {
      // One that had trouble is not used again: whether its transaction has ended nobody knows.
      client.release(!isFit);
    }
  };
  const db: Db = Object.assign(drizzle(pool, { schema }), { transaction });
  const close = async (): Promise<void> => {
    await within(CLOSE_MILLISECONDS, pool.end());
  };
  return { db, close };
}

/** Statements prepared by name, by their text. */
const names = new Map<string, string>();

/**
 * Gives each text of a prepared statement a name of its own. The name it has in store/ says what it is for, and stands for
 * several texts where a list is as long as the input.
 */
function nameByText(client: PoolClient): void {
  const query: (...given: unknown[]) => unknown = client.query.bind(client);
  const named = (given: unknown, ...rest: unknown[]): unknown => {
    if (!isNamed(given)) return query(given, ...rest);
    const name = names.get(given.text) ?? `whereabouts_${names.size}`;
    names.set(given.text, name);
    return query({ ...given, name }, ...rest);
  };
  Object.assign(client, { query: named });
}

const isNamed = (given: unknown): given is { readonly name: string; readonly text: string } =>
  typeof given === 'object' && given !== null && 'name' in given && typeof given.name === 'string';
