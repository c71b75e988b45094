// PostgreSQL through postgres.js, on Node and on Workers: a pool whose connections serve one statement or one transaction at a
// time. When one is lost, that one fails; nothing of it is ever continued on another connection, and nobody else notices.
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { Db } from '../server/store/database.ts';
import * as schema from '../server/store/schema.ts';

const CONNECT_SECONDS = 5;
/** How long `close` waits for what is under way. */
const CLOSE_SECONDS = 5;

/** What a connection is like unless somebody says otherwise. */
export const CONNECTION = { connect_timeout: CONNECT_SECONDS, fetch_types: false, onnotice: () => undefined } as const;

/** A pool for `url`, closed by `close`. */
export function openPool(
  url: string,
  options: postgres.Options<Record<string, never>>,
): { readonly db: Db; close(): Promise<void> } {
  const sql = postgres(url, { ...CONNECTION, ...options });
  const db: Db = drizzle(sql, { schema });
  const begin: Db['transaction'] = db.transaction.bind(db);
  // postgres.js gives a transaction up when its connection is lost, but not the work that is under way in it: what that goes on
  // to say would be executed by itself, on the connection that takes the place of the lost one.
  const transaction: Db['transaction'] = async (work, config) => {
    let isOver = false;
    try {
      return await begin((tx) => work(until(tx, () => isOver)), config);
    } finally {
      isOver = true;
    }
  };
  return { db: Object.assign(db, { transaction }), close: () => sql.end({ timeout: CLOSE_SECONDS }) };
}

/** `tx` as long as its transaction lasts; afterwards nothing can be said to it any more. */
function until<T extends object>(tx: T, isOver: () => boolean): T {
  return new Proxy(tx, {
    get: (target, member, receiver): unknown => {
      if (isOver()) throw new LostTransaction();
      return Reflect.get(target, member, receiver);
    },
  });
}

/** Told to work that went on after its transaction had ended; with the code of what usually ended it. */
class LostTransaction extends Error {
  readonly code = 'CONNECTION_CLOSED';
  constructor() {
    super('the transaction is over');
  }
}
