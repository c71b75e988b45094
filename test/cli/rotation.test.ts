// `whereabouts keys rotate` and `postpone` as an operator types them, and the directory that runs meanwhile, on both databases:
// it takes the new key up without a restart, and at the end the old one is nowhere any more.
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseConfigText } from '../../src/protocol/config-text.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { formatB64u } from '../../src/protocol/wire.ts';
import { createPostgresDatabase, LONG_ENGINES } from '../support/database.ts';
import { makeHome, run, startServer, type Home, type Server } from '../support/program.ts';
import { folderHaystacks } from '../support/traces.ts';

vi.setConfig({ testTimeout: 120_000 });

const DAY = 86_400;
const CLOCK = pathToFileURL(path.resolve(import.meta.dirname, '../support/moving-clock.mjs')).href;

interface Stored {
  oprf: { secret: string; until?: number }[];
  signing: object;
  log: object;
}

/** A home with keys, and a clock of its own for everything that is run there. */
async function openHome(): Promise<Home & { readonly file: string; readonly clock: string }> {
  const home = makeHome();
  const clock = path.join(home.folder, 'clock');
  writeFileSync(clock, '0');
  const env = { ...home.env, NODE_OPTIONS: `--import=${CLOCK}`, TEST_CLOCK_FILE: clock };
  expect(await run(['init'], env)).toMatchObject({ code: 0, stderr: '' });
  return { ...home, env, clock, file: path.join(home.folder, 'config/whereabouts/keys.json') };
}
const stored = (file: string): Stored => JSON.parse(readFileSync(file, 'utf8')) as Stored;
const date = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/\.\d+Z/, 'Z');
const now = (): number => Math.floor(Date.now() / 1000);

describe('the keys file', () => {
  let home: Awaited<ReturnType<typeof openHome>>;
  beforeAll(async () => {
    home = await openHome();
  });
  afterAll(() => home.remove());
  const keys = (...args: string[]) => run(['keys', ...args], home.env);
  const refused = async (...args: string[]) => {
    const before = readFileSync(home.file, 'utf8');
    const { code, stdout, stderr } = await keys(...args);
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    expect(readFileSync(home.file, 'utf8')).toBe(before);
    return stderr;
  };

  test('rotate adds a key, once; postpone moves the end later, never earlier; neither prints a secret', async () => {
    const [old] = stored(home.file).oprf;
    expect(await refused('postpone', '--until', '2999-01-01')).toContain('no key is being retired');
    expect(await refused('rotate', '--until', '2020-01-01')).toContain('ahead');
    expect(await refused('rotate', '--until', 'soon')).toContain('--until must be');

    const until = now() + 100 * DAY;
    const rotated = await keys('rotate', '--until', date(until));
    expect(rotated).toMatchObject({ code: 0, stderr: '' });
    const { oprf } = stored(home.file);
    expect(oprf).toEqual([{ ...old, until }, { secret: expect.stringMatching(/^[\w-]{43}$/) }]);
    expect(oprf[1]?.secret).not.toBe(old?.secret);
    expect(statSync(home.file).mode & 0o777).toBe(0o600);
    // Nothing half-done beside it.
    expect(readdirSync(path.dirname(home.file)).toSorted()).toEqual(['keys.json', 'resolver-token']);
    for (const { secret } of oprf) expect(rotated.stdout).not.toContain(secret);
    expect(rotated.stdout).toContain(` until ${until} (${date(until)})`);

    expect(await refused('rotate')).toContain('already');
    expect(await refused('postpone', '--until', date(until))).toContain('later');
    expect(await refused('postpone', '--until', date(until - 1))).toContain('later');
    expect(await keys('postpone', '--until', date(until + DAY), '--json')).toMatchObject({ code: 0 });
    expect(stored(home.file).oprf).toEqual([{ ...old, until: until + DAY }, oprf[1]]);
    const { stdout } = await keys('--json');
    expect(JSON.parse(stdout)).toMatchObject({
      oprf: expect.arrayContaining([expect.objectContaining({ until: until + DAY })]) as object,
    });
  });

  test('where there is no file: told so, and nothing is made', async () => {
    const none = path.join(home.folder, 'none', 'keys.json');
    const { code, stderr } = await keys('rotate', '--keys', none);
    expect(code).toBe(2);
    expect(stderr).not.toContain('.lock');
    expect(existsSync(path.dirname(none))).toBe(false);
  });

  test('without a date the end is in a hundred days', async () => {
    const other = path.join(home.folder, 'other.json');
    await run(['init', '--keys', other], home.env);
    const before = now();
    expect((await keys('rotate', '--keys', other)).code).toBe(0);
    const until = stored(other).oprf[0]?.until ?? 0;
    expect(until - before).toBeGreaterThanOrEqual(100 * DAY);
    expect(until - now()).toBeLessThanOrEqual(100 * DAY);
  });

  test('two at once lose no key: one is refused', async () => {
    const other = path.join(home.folder, 'both.json');
    await run(['init', '--keys', other], home.env);
    const codes = await Promise.all([1, 2, 3].map(async () => (await keys('rotate', '--keys', other)).code));
    expect(codes.toSorted((a, b) => Number(a) - Number(b))).toEqual([0, 2, 2]);
    expect(stored(other).oprf).toHaveLength(2);
  });

  test('a file others can read is not changed; keys from the environment are not there to be', async () => {
    chmodSync(home.file, 0o644);
    await refused('postpone', '--until', '2999-01-01');
    chmodSync(home.file, 0o600);
    const { signing, log, oprf } = stored(home.file);
    const env = {
      ...home.env,
      WHEREABOUTS_SIGNING_KEY: JSON.stringify(signing),
      WHEREABOUTS_LOG_KEY: JSON.stringify(log),
      WHEREABOUTS_OPRF_KEY: oprf[1]?.secret ?? '',
    };
    const { code, stderr } = await run(['keys', 'rotate'], env);
    expect(code).toBe(2);
    expect(stderr).toContain('WHEREABOUTS_OLD_OPRF_KEY_UNTIL');
    const alone = { ...env, WHEREABOUTS_OLD_OPRF_KEY: oprf[0]?.secret ?? '', WHEREABOUTS_DOMAIN: 'directory.example' };
    expect((await run(['serve'], alone)).stderr).toContain('both or neither');
  });
});

describe.each(LONG_ENGINES)('a directory that runs on %s', (engine) => {
  let home: Awaited<ReturnType<typeof openHome>>;
  let server: Server | undefined;
  let drop: (() => Promise<void>) | undefined;
  let env: Record<string, string>;

  beforeAll(async () => {
    home = await openHome();
    const database = engine === 'postgres' ? await createPostgresDatabase() : undefined;
    drop = database === undefined ? undefined : () => database.drop();
    env = {
      ...home.env,
      WHEREABOUTS_DOMAIN: 'directory.example',
      WHEREABOUTS_PORT: '0',
      WHEREABOUTS_QUOTA_ANONYMOUS: '1000 refill 1000 per minute',
      ...(database === undefined ? {} : { DATABASE_URL: database.url }),
    };
  });
  afterAll(async () => {
    await server?.stop();
    await drop?.();
    home.remove();
  });

  const start = async (more: Record<string, string> = {}) => {
    server = await startServer(['serve'], { ...env, ...more }, /"event":"listening"/);
  };
  const log = () => server?.stderr() ?? '';
  const at = (where: string) => `http://127.0.0.1:${/"port":(\d+)/.exec(log())?.[1]}${where}`;
  const listed = async () => parseConfigText(await (await fetch(at('/v1/config'))).text()).keys;
  const evaluate = async (key: string) => {
    const blinded = [formatB64u(nobleGroup.fromHash(crypto.getRandomValues(new Uint8Array(64))))];
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(at('/v1/evaluate'), { method: 'POST', headers, body: JSON.stringify({ key, blinded }) });
    return reply.status === 200 ? 'evaluated' : ((await reply.json()) as { code: string }).code;
  };
  /** The server looks about once a second. */
  const soon = (look: () => Promise<void> | void) => vi.waitFor(look, { timeout: 60_000, interval: 200 });
  const keys = (...args: string[]) => run(['keys', ...args], home.env);
  const holds = (secret: string) =>
    [...folderHaystacks(home.folder)].filter(({ octets }) => octets.includes(secret)).map(({ where }) => where);

  test('takes the new key up, announces and moves the end, and destroys the old key at it, without a restart', async () => {
    await start();
    const [a] = await listed();
    const secret = stored(home.file).oprf[0]?.secret ?? '';
    expect(await evaluate(a?.id ?? '')).toBe('evaluated');

    const until = now() + 100 * DAY;
    expect((await keys('rotate', '--until', date(until))).code).toBe(0);
    await soon(async () => expect(await listed()).toHaveLength(2));
    const b = (await listed()).find(({ id }) => id !== a?.id);
    expect((await listed()).find(({ id }) => id === a?.id)?.until).toBe(until);
    expect([await evaluate(a?.id ?? ''), await evaluate(b?.id ?? '')]).toEqual(['evaluated', 'evaluated']);

    expect((await keys('postpone', '--until', date(until + DAY))).code).toBe(0);
    await soon(async () => expect((await listed()).find(({ id }) => id === a?.id)?.until).toBe(until + DAY));

    // A minute before the end that was announced first, and past it: nothing ends but at the last one announced.
    writeFileSync(home.clock, String(100 * DAY * 1000 + 60_000));
    await soon(async () => expect((await fetch(at('/readyz'))).status).toBe(200));
    expect(await evaluate(a?.id ?? '')).toBe('evaluated');
    expect(holds(secret)).toEqual(['config/whereabouts/keys.json']);

    writeFileSync(home.clock, String(101 * DAY * 1000 + 60_000));
    await soon(async () => expect(await evaluate(a?.id ?? '')).toBe('key-unknown'));
    await soon(() => expect(stored(home.file).oprf).toHaveLength(1));
    expect(await evaluate(b?.id ?? '')).toBe('evaluated');
    expect((await listed()).map(({ id, until: end }) => [id, end])).toEqual([[b?.id, undefined]]);
    expect(holds(secret)).toEqual([]);
    expect(statSync(home.file).mode & 0o777).toBe(0o600);
    const { stdout } = await keys('--json');
    expect((JSON.parse(stdout) as { oprf: object[] }).oprf).toMatchObject([{ id: b?.id }]);
    await soon(() => expect(log()).toContain('"event":"key-destroyed"'));
    expect(log()).not.toContain(secret);
    // And the next one, on the same process.
    expect((await keys('rotate')).code).toBe(0);
    await soon(async () => expect(await listed()).toHaveLength(2));
    expect(await server?.stop()).toBe(0);
  });

  test.skipIf(engine === 'pglite')(
    'keys from the environment: the old one is refused and forgotten at its end',
    async () => {
      const { oprf, signing, log: logKey } = stored(home.file);
      const [old, current] = oprf;
      const kept = path.join(home.folder, 'kept.json');
      renameSync(home.file, kept);
      await start({
        WHEREABOUTS_SIGNING_KEY: JSON.stringify(signing),
        WHEREABOUTS_LOG_KEY: JSON.stringify(logKey),
        WHEREABOUTS_OPRF_KEY: current?.secret ?? '',
        WHEREABOUTS_OLD_OPRF_KEY: old?.secret ?? '',
        WHEREABOUTS_OLD_OPRF_KEY_UNTIL: date(old?.until ?? 0),
      });
      const both = await listed();
      const retiring = both.find(({ until }) => until !== undefined);
      expect(retiring?.until).toBe(old?.until);
      expect(await evaluate(retiring?.id ?? '')).toBe('evaluated');
      writeFileSync(home.clock, String(250 * DAY * 1000));
      await soon(async () => expect(await evaluate(retiring?.id ?? '')).toBe('key-unknown'));
      await soon(() => expect(log()).toContain('"from":"memory"'));
      expect(await listed()).toHaveLength(1);
      expect(await server?.stop()).toBe(0);
    },
  );
});
