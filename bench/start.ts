// From starting the process to its first answer, on a database that is there: `whereabouts serve` on PostgreSQL, and on the embedded one.
import { startPostgres } from '../test/support/postgres.ts';
import { makeHome, run } from '../test/support/program.ts';
import { serveDirectory } from '../test/support/served-directory.ts';
import { median, print, type Line } from './measure.ts';

const ROUNDS = 5;

export async function benchStart(): Promise<Record<string, Line[]>> {
  const postgres = await startPostgres();
  const home = makeHome();
  try {
    const common = { ...home.env, WHEREABOUTS_DOMAIN: 'directory.example', WHEREABOUTS_PORT: '0' };
    await run(['init', '--domain', 'directory.example'], common);
    const measure = async (env: Record<string, string>): Promise<number> => {
      const times: number[] = [];
      // The first one makes the schema.
      for (let round = 0; round <= ROUNDS; round++) {
        const at = performance.now();
        const { server, url } = await serveDirectory(env);
        const { status } = await fetch(`${url}/v1/epoch`);
        if (status !== 200) throw new Error(`${status}`);
        if (round > 0) times.push(performance.now() - at);
        await server.stop();
      }
      return median(times);
    };
    const onPostgres = await measure({ ...common, DATABASE_URL: postgres.url });
    const embedded = await measure(common);
    const title = `cold start to the first answer: PostgreSQL ${onPostgres.toFixed(0)} ms, PGlite ${embedded.toFixed(0)} ms`;
    const lines = [
      { name: 'PostgreSQL', perSecond: 1_000 / onPostgres, ratio: embedded / onPostgres },
      { name: 'PGlite in its folder', perSecond: 1_000 / embedded, ratio: 1 },
    ];
    print(title, lines);
    return { [title]: lines };
  } finally {
    await postgres.stop();
    home.remove();
  }
}
