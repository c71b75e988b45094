// After a full run of register, where and withdraw, nothing anywhere names who it was about: not a column, a file, a log line or an error.
import { writeFileSync } from 'node:fs';
import nodePath from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import { openEmbedded } from '../../src/platform/node/embedded.ts';
import type { Database } from '../../src/server/store/database.ts';
import { makeHome, run, startSandbox, type Home } from '../support/program.ts';
import { formatRequest, sendRaw } from '../support/raw-http.ts';
import { findTraces, folderHaystacks, needles, spellings, type Haystack } from '../support/traces.ts';

const PHONE = { typed: '+44 20 7946 0642', canonical: 'tel:+442079460642' };
const MAIL = { typed: 'Very.Unusual+Tag@Example.COM', canonical: 'mailto:very.unusual+tag@example.com' };
/** The sandbox's own people: registered at its first start, over HTTP like anybody else. */
const CANNED = ['tel:+442079460123', 'tel:+442079460456', 'tel:+442079460789', 'mailto:charlie@charliechat.localhost'];

const wanted = needles([
  ...spellings(PHONE.canonical, [PHONE.typed, '020 7946 0642']),
  ...spellings(MAIL.canonical, [MAIL.typed]),
  ...CANNED.flatMap((canonical) => spellings(canonical)),
]);

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let home: Home;
let data: string;
const written: Haystack[] = [];

beforeAll(async () => {
  home = makeHome({ WHEREABOUTS_LOG_LEVEL: 'debug' });
  data = nodePath.join(home.folder, 'sandbox');
  const sandbox = await startSandbox(home, ['--port', '0', '--data', data]);
  const { env } = sandbox;
  const command = async (expected: number, ...args: string[]): Promise<void> => {
    const { code, stdout, stderr } = await run(args, env);
    // What a command prints about its own question is for the person who asked; its errors are not.
    written.push({ where: `stderr of ${args[0]}`, octets: Buffer.from(stderr) });
    expect({ args: args[0], code, stdout, stderr }).toMatchObject({ code: expected });
  };
  const providers = ['--provider', 'bobchat.localhost', '--provider', 'charliechat.localhost', '--account', 'grace'];
  for (const { typed } of [PHONE, MAIL]) {
    await command(0, 'register', typed, ...providers);
    await command(0, 'where', typed, '--from', 'alicechat.localhost');
    await command(0, 'where', typed, '--from', 'alicechat.localhost', '--json', '--unverified');
    // The resolver is told the identifier in clear, as a gatekeeper's own machine is: it too must keep it to itself.
    const resolver = `http://alicechat.localhost:${sandbox.port}`;
    await command(0, 'where', typed, '--resolver', resolver, '--from', 'alicechat.localhost');
  }
  // Bad input that holds identifiers, in places where they do not belong.
  for (const host of ['directory', 'bobchat', 'alicechat']) {
    for (const request of [
      ['/v1/where', JSON.stringify({ id: PHONE.typed, [MAIL.typed]: 1 })],
      ['/v1/evaluate', JSON.stringify({ key: PHONE.canonical, blinded: [MAIL.canonical] })],
      [
        '/whereabouts/attestations',
        JSON.stringify({ identifier: PHONE.typed, directory: MAIL.typed, possession: PHONE.canonical }),
      ],
      ['/whereabouts/attestations', `{"identifier": "${PHONE.typed}`],
    ] as const) {
      const headers = [
        ['Content-Type', 'application/json'],
        ['Authorization', 'Bearer sandbox-grace'],
      ] as const;
      const [path, body] = [request[0], Buffer.from(request[1])];
      const octets = formatRequest({ method: 'POST', path, host: `${host}.localhost`, headers, body });
      const response = await sendRaw(sandbox.port, octets);
      written.push({ where: `answer of ${host}`, octets: response?.body ?? Buffer.alloc(0) });
      expect(response?.status).toBeGreaterThanOrEqual(400);
    }
  }
  for (const { typed } of [PHONE, MAIL]) {
    await command(0, 'withdraw', typed);
    await command(1, 'where', typed, '--from', 'alicechat.localhost');
  }
  await sandbox.stop();
  const log = sandbox.stderr() + sandbox.stdout();
  // The banner names the sandbox's own people on purpose: it is what a newcomer types.
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  expect(lines.length).toBeGreaterThanOrEqual(8);
  expect(log).toContain('"request-refused"');
  written.push({ where: 'log', octets: Buffer.from(lines.join('\n')) });
}, 180_000);

afterAll(() => home.remove());

/** Every column of every row of every table, as octets. */
async function dump(database: Database): Promise<Haystack[]> {
  const tables = await rows(
    database,
    `select table_schema, table_name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const found: Haystack[] = [];
  for (const { table_schema: schema, table_name: table } of tables)
    for (const row of await rows(database, `select * from "${String(schema)}"."${String(table)}"`))
      for (const [column, value] of Object.entries(row)) {
        const octets =
          value instanceof Uint8Array
            ? Buffer.from(value)
            : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
        found.push({ where: `${String(table)}.${column}`, octets });
      }
  return found;
}

async function rows(database: Database, query: string): Promise<Record<string, unknown>[]> {
  const result: unknown = await database.db.execute(sql.raw(query));
  if (typeof result === 'object' && result !== null && 'rows' in result)
    return result.rows as Record<string, unknown>[];
  return [...(result as Iterable<Record<string, unknown>>)];
}

test('log lines and errors', () => {
  expect(written.length).toBeGreaterThan(15);
  expect(findTraces(written, wanted)).toEqual([]);
});

// Before anything is planted in the database, whose write-ahead log forgets nothing.
test('every file', { timeout: 180_000 }, () => {
  const files = [...folderHaystacks(home.folder)];
  expect(files.length).toBeGreaterThan(100);
  expect(findTraces(files, wanted)).toEqual([]);
  const planted = nodePath.join(home.folder, 'planted');
  writeFileSync(planted, Buffer.concat(wanted.map(({ octets }) => octets)));
  // All files again would find nothing more.
  const found = [...folderHaystacks(home.folder)].filter(({ where }) => where === 'planted');
  expect(findTraces(found, wanted).length).toBeGreaterThanOrEqual(wanted.length);
});

test('every column of the database', async () => {
  const database = await openEmbedded(data, { log: silent });
  try {
    const before = await dump(database);
    expect(new Set(before.map(({ where }) => where.split('.')[0])).size).toBeGreaterThan(6);
    expect(findTraces(before, wanted)).toEqual([]);
    // The same search finds each form once it is planted in a column.
    await database.db.execute(sql`create table planted (octets bytea)`);
    for (const { octets } of wanted)
      await database.db.execute(sql`insert into planted values (decode(${octets.toString('hex')}, 'hex'))`);
    const found = findTraces(await dump(database), wanted);
    expect(new Set(found.map((line) => line.split(': ')[0]))).toEqual(new Set(['planted.octets']));
    expect(found.length).toBeGreaterThanOrEqual(wanted.length);
    await database.db.execute(sql`drop table planted`);
  } finally {
    await database.close();
  }
});
