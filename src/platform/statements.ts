// Statements under way on a postgres.js client: counted, and each a span that says what kind it is and nothing of what it is about.
import type postgres from 'postgres';
import { traceStatement } from '../server/trace.ts';

const OPERATIONS = /^\s*(select|insert|update|delete|with|begin|commit|rollback|savepoint|release|set|lock)\b/i;

/** Watches every statement of `sql` from now on; gives how many are under way. */
export function watchStatements(sql: postgres.Sql): () => number {
  let running = 0;
  const { unsafe } = sql;
  const end = () => {
    running -= 1;
  };
  const watched = ((...args: Parameters<typeof unsafe>) => {
    const query = unsafe(...args);
    running += 1;
    // Begins with the next microtask, so that how the rows are wanted can still be said, as by drizzle.
    const done = query.then(end, (error: unknown) => {
      end();
      throw error;
    });
    traceStatement(OPERATIONS.exec(args[0])?.[1]?.toUpperCase() ?? 'OTHER', done);
    done.catch(() => undefined);
    return query;
  }) as typeof unsafe;
  Object.assign(sql, { unsafe: watched });
  return () => running;
}
