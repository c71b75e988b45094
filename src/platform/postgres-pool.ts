// PostgreSQL through postgres.js, on Node and on Workers: statements share one pool, each transaction has a connection to itself.
// When that is lost, the transaction fails; nothing of it is ever continued on another connection, and nobody else notices.
import { PgDialect } from 'drizzle-orm/pg-core';
import { drizzle, PostgresJsSession, PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { isDatabaseTrouble, type Db, type PoolUse, type Use } from '../server/store/database.ts';
import * as schema from '../server/store/schema.ts';
import { createFamiliar, createOrder } from './statement-order.ts';
import { watchStatements } from './statements.ts';

type Work = Parameters<Db['transaction']>[0];
type Begin = Parameters<Db['transaction']>[1];

/** What a connection is like unless somebody says otherwise. */
export const CONNECTION = { connect_timeout: 5, fetch_types: false, onnotice: () => undefined } as const;

export interface PoolOptions extends Omit<postgres.Options<Record<string, never>>, 'max' | 'onclose'> {
  /** Connections for statements, and for transactions. */
  readonly statements: number;
  readonly transactions: number;
  /** Connections last, so that what transactions say again and again is worth preparing on them. */
  readonly isLasting: boolean;
}

/** How long `close` waits for what is under way, in seconds. */
const CLOSE_SECONDS = 5;

/** A pool for `url`, closed by `close`. */
export function openPool(
  url: string,
  { statements, transactions, isLasting, ...options }: PoolOptions,
): { readonly db: Db; readonly close: () => Promise<void>; readonly use: () => PoolUse } {
  const common = { ...CONNECTION, ...options };
  const sql = postgres(url, { ...common, max: statements });
  const db: Db = drizzle(sql, { schema });
  const running = watchStatements(sql);
  const isPrepared = isLasting ? createFamiliar() : () => false;
  // A plan that was made while a table was empty would be kept until its statistics are: planned each time, parsed once.
  const planned = { connection: { ...options.connection, plan_cache_mode: 'force_custom_plan' } };
  const lines = createLines(() => openLine(url, { ...common, ...(isLasting && planned) }), transactions);
  const transaction: Db['transaction'] = async (work, config) => {
    const line = await lines.take();
    try {
      return await runOn(line, { work, config, isPrepared });
    } finally {
      lines.giveBack(line);
    }
  };
  return {
    db: Object.assign(db, { transaction }),
    use: () => ({
      statement: { running: Math.min(running(), statements), waiting: Math.max(0, running() - statements) },
      transaction: lines.use(),
    }),
    close: async () => void (await Promise.all([sql.end({ timeout: CLOSE_SECONDS }), lines.close()])),
  };
}

/**
 * One connection, for one transaction at a time. postgres.js' own `begin` is not used: where a connection is lost, it lets the
 * work that is under way go on, and what that goes on to say is executed by itself on the connection that takes its place.
 */
interface Line {
  readonly sql: postgres.Sql;
  /** The connection was lost since `begin`: the line is good for nothing more. */
  isLost: boolean;
  isBusy: boolean;
  /** What its transaction has said so far. */
  readonly said: { cancel(): void }[];
  /** Texts that are prepared on its connection. */
  readonly prepared: Set<string>;
}

function openLine(url: string, common: postgres.Options<Record<string, never>>): Line {
  const onclose = () => {
    line.prepared.clear();
    if (!line.isBusy) return;
    line.isLost = true;
    // What postgres.js holds back still would be said on the connection that takes its place, outside of the transaction.
    for (const query of line.said) query.cancel();
  };
  const sql = postgres(url, { ...common, max: 1, onclose });
  // Sets how dates and JSON are read on `sql`, as on the pool's.
  drizzle(sql, { schema });
  watchStatements(sql);
  const line: Line = { sql, isLost: false, isBusy: false, said: [], prepared: new Set() };
  return line;
}

/**
 * What drizzle's own `transaction` gives its work, so that whatever asks `is(db, PgTransaction)` knows it. Once `isOver`,
 * nothing can be said to it any more.
 */
function createTransaction(
  line: Line,
  isPrepared: (text: string) => boolean,
  isOver: () => boolean,
): Parameters<Work>[0] {
  const { sql, said, prepared } = line;
  const order = createOrder();
  const say = ((...[text, values = [], options]: Parameters<typeof sql.unsafe>) => {
    if (isOver()) throw new LostTransaction();
    const prepare = options?.prepare === true || (values.length > 0 && isPrepared(text));
    const isWhole = values.length === 0 || (prepare && prepared.has(text));
    let asValues = false;
    const done = order.take(isWhole, async () => {
      if (isOver()) throw new LostTransaction();
      const query = sql.unsafe(text, values, { ...options, prepare });
      said.push(query);
      const rows: unknown = await (asValues ? query.values() : query);
      if (prepare) prepared.add(text);
      return rows;
    });
    return Object.assign(done, { values: () => ((asValues = true), done) });
  }) as unknown as typeof sql.unsafe;
  const client = {
    unsafe: say,
    // A savepoint within another of the same name hides it until it is released.
    savepoint: async <T>(work: (client: unknown) => Promise<T>): Promise<T> => {
      await say('savepoint inner_work');
      try {
        return await work(client);
      } catch (error) {
        await say('rollback to savepoint inner_work');
        throw error;
      } finally {
        await say('release savepoint inner_work');
      }
    },
  } as unknown as postgres.TransactionSql & postgres.Sql;
  const dialect = new PgDialect();
  const session = new PostgresJsSession(client, dialect, undefined);
  return new PostgresJsTransaction(dialect, session, undefined) as unknown as Parameters<Work>[0];
}

interface Job<T> {
  readonly work: (tx: Parameters<Work>[0]) => Promise<T>;
  readonly config: Begin;
  readonly isPrepared: (text: string) => boolean;
}

async function runOn<T>(line: Line, { work, config, isPrepared }: Job<T>): Promise<T> {
  const { sql } = line;
  let isOver = false;
  try {
    await sql.unsafe(formatBegin(config));
  } catch (error) {
    line.isLost = isDatabaseTrouble(error);
    throw error;
  }
  line.isBusy = true;
  line.said.length = 0;
  try {
    const result = await work(createTransaction(line, isPrepared, () => isOver || line.isLost));
    if (line.isLost) throw new LostTransaction();
    isOver = true;
    const { command } = await sql.unsafe('commit');
    // A statement failed, and the work went on all the same.
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back');
    return result;
  } catch (error) {
    // What the work still has to say would be said after its end, outside of every transaction.
    isOver = true;
    // In trouble nothing more is said on it: the server forgets the transaction with the connection.
    line.isLost ||= isDatabaseTrouble(error);
    if (!line.isLost)
      await sql.unsafe('rollback').catch(() => {
        line.isLost = true;
      });
    throw error;
  } finally {
    line.isBusy = false;
  }
}

function formatBegin({ isolationLevel, accessMode, deferrable }: NonNullable<Begin> = {}): string {
  return [
    'begin',
    ...(isolationLevel === undefined ? [] : [`isolation level ${isolationLevel}`]),
    ...(accessMode === undefined ? [] : [accessMode]),
    ...(deferrable === undefined ? [] : [deferrable ? 'deferrable' : 'not deferrable']),
  ].join(' ');
}

/** Told to work that goes on after its transaction has ended; with the code of what usually ended it. */
class LostTransaction extends Error {
  readonly code = 'CONNECTION_CLOSED';
  constructor() {
    super('the transaction is over');
  }
}

/** At most `most` lines: who wants another waits for one to be given back. */
function createLines(open: () => Line, most: number) {
  const all = new Set<Line>();
  const idle: Line[] = [];
  const waiting: ((line: Line) => void)[] = [];
  const openNew = (): Line => {
    const line = open();
    all.add(line);
    return line;
  };
  return {
    take: async (): Promise<Line> => {
      const line = idle.pop() ?? (all.size < most ? openNew() : undefined);
      return line ?? (await new Promise<Line>((resolve) => waiting.push(resolve)));
    },
    giveBack: (line: Line): void => {
      if (line.isLost) {
        all.delete(line);
        void line.sql.end({ timeout: 0 });
      }
      const next = waiting.shift();
      if (next !== undefined) next(line.isLost ? openNew() : line);
      else if (!line.isLost) idle.push(line);
    },
    use: (): Use => ({ running: all.size - idle.length, waiting: waiting.length }),
    close: () => Promise.all(Array.from(all, ({ sql }) => sql.end({ timeout: CLOSE_SECONDS }))),
  };
}
