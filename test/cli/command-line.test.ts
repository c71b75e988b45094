// The command line without anybody to talk to: help, usage, keys, a configuration that cannot be used.
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createServer } from 'node:http';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { makeHome, run, startServer } from '../support/program.ts';

vi.setConfig({ testTimeout: 180_000 });

const home = makeHome();
afterAll(() => home.remove());

const COMMANDS = [
  'serve',
  'init',
  'where',
  'register',
  'withdraw',
  'monitor',
  'evidence',
  'attest',
  'describe',
  'keys',
];
const oneLine = (text: string) => expect(text.trim().split('\n')).toHaveLength(1);

describe('help', () => {
  test('lists every command, and each has examples', async () => {
    const { code, stdout } = await run(['--help'], home.env);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toContain(`  ${command} `);
    const helps = await Promise.all(COMMANDS.map((command) => run([command, '--help'], home.env)));
    expect(helps.map((help) => [help.code, help.stdout.includes('Examples:')])).toEqual(COMMANDS.map(() => [0, true]));
  });
});

describe('usage', () => {
  const cases: readonly (readonly [name: string, args: readonly string[]])[] = [
    ['no such command', ['+44 20 7946 0123']],
    ['no such option', ['where', '--nope', '+44 20 7946 0123']],
    ['nothing to look up', ['where', '--from', 'alicechat.localhost']],
    ['nobody asks', ['where', '+44 20 7946 0123']],
    ['no provider', ['register', '+44 20 7946 0123']],
    ['too many arguments', ['describe', 'bobchat.localhost', '+44 20 7946 0123']],
    ['no domain', ['describe', '+44 20 7946 0123']],
    ['a port that is none', ['where', '+44 20 7946 0123', '--from', 'alicechat.localhost', '--port', 'http']],
    ['a list that is not there', ['where', '--from', 'alicechat.localhost', '--file', '/nowhere']],
    ['production with a sandbox port', ['serve', '--port', '8080']],
    ['production without configuration', ['serve']],
  ];
  test.each(cases)('%s: exit 2, no stack, nothing of the input', async (_name, args) => {
    const { code, stdout, stderr } = await run(args, home.env);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^whereabouts: /);
    expect(stderr).not.toMatch(/7946|\n\s+at /);
  });

  test('no command prints the help and exits 2', async () => {
    expect((await run([], home.env)).code).toBe(2);
  });
});

const file = path.join(home.folder, 'config/whereabouts/keys.json');

describe('keys', () => {
  test('init makes a file of mode 0600, prints only what is public, and never overwrites', async () => {
    const first = await run(['init', '--domain', 'directory.example'], home.env);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    const { oprf, signing, log } = JSON.parse(text) as {
      oprf: [{ secret: string }];
      signing: { d: string; x: string };
      log: { d: string };
    };
    for (const secret of [oprf[0].secret, signing.d, log.d]) expect(first.stdout).not.toContain(secret);
    expect(first.stdout).toContain(signing.x);
    expect(first.stdout).toMatch(/directory\.example\/whereabouts\+[0-9a-f]{8}\+A[A-Za-z0-9+/]{43}/);

    const second = await run(['init'], home.env);
    expect(second.code).toBe(2);
    oneLine(second.stderr);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('keys shows the public side', async () => {
    const { code, stdout } = await run(['keys', '--domain', 'directory.example', '--json'], home.env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      oprf: [{ id: expect.stringMatching(/^[0-9a-f]{16}$/) }],
      jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519' }] },
    });
    expect(stdout).not.toContain('"d"');
  });

  test('the same from the environment, without a file', async () => {
    const { oprf, signing, log } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, [{ secret: string }]>;
    const env = {
      ...makeHome().env,
      WHEREABOUTS_OPRF_KEY: oprf?.[0].secret ?? '',
      WHEREABOUTS_SIGNING_KEY: JSON.stringify(signing),
      WHEREABOUTS_LOG_KEY: JSON.stringify(log),
    };
    const [fromFile, fromEnv] = await Promise.all([run(['keys', '--json'], home.env), run(['keys', '--json'], env)]);
    expect(fromEnv).toEqual(fromFile);
    const broken = await run(['keys'], { ...env, WHEREABOUTS_OPRF_KEY: 'c2VjcmV0' });
    expect(broken.code).toBe(2);
    expect(broken.stderr).not.toContain('c2VjcmV0');
  });

  test('a file others can read is refused', async () => {
    chmodSync(file, 0o640);
    const { code, stderr } = await run(['keys'], home.env);
    expect(code).toBe(2);
    oneLine(stderr);
    expect(stderr).toContain('config-invalid');
    chmodSync(file, 0o600);
  });

  test('a damaged file is refused without a word of what is in it', async () => {
    const damaged = path.join(home.folder, 'damaged.json');
    writeFileSync(damaged, '{"version":1,"oprf":[{"secret":"c2VjcmV0"}]', { mode: 0o600 });
    const { code, stderr } = await run(['keys', '--keys', damaged], home.env);
    expect(code).toBe(2);
    oneLine(stderr);
    expect(stderr).not.toContain('c2VjcmV0');
  });
});

describe('serve', () => {
  test('everything missing or contradictory is named at once', async () => {
    const { code, stderr } = await run(['serve'], { ...home.env, WHEREABOUTS_ROLES: 'issuer,resolver' });
    expect(code).toBe(2);
    for (const name of ['DOMAIN', 'ISSUER_ACCOUNTS', 'ISSUER_DIRECTORIES', 'RESOLVER_TOKEN'])
      expect(stderr).toContain(`WHEREABOUTS_${name}`);
  });

  test('a configuration file that is not there, or not JSON', async () => {
    const missing = await run(['serve', '--config', '/nowhere.json'], home.env);
    expect(missing.code).toBe(2);
    oneLine(missing.stderr);
    mkdirSync(path.join(home.folder, 'config/whereabouts'), { recursive: true });
    const file = path.join(home.folder, 'bad.json');
    writeFileSync(file, '{ "domain": ');
    const bad = await run(['serve', '--config', file], home.env);
    expect(bad.code).toBe(2);
    oneLine(bad.stderr);
  });

  test('a taken port, a locked folder, a folder that cannot be: one line each', async () => {
    const settings = { ...home.env, WHEREABOUTS_DOMAIN: 'directory.example', WHEREABOUTS_PORT: '0' };
    const first = await startServer(['serve'], settings, /"event":"listening"/);
    const locked = await run(['serve'], settings);
    expect(locked).toMatchObject({ code: 3, stdout: '' });
    oneLine(locked.stderr);
    expect(locked.stderr).toContain('database-busy');
    expect(await first.stop()).toBe(0);

    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const address = other.address();
    const port = address !== null && typeof address === 'object' ? String(address.port) : '';
    const taken = await run(['serve'], { ...settings, WHEREABOUTS_PORT: port });
    other.close();
    expect(taken).toMatchObject({ code: 3, stdout: '' });
    oneLine(taken.stderr);
    expect(taken.stderr).toContain('address-busy');

    const unwritable = await run(['serve'], { ...settings, WHEREABOUTS_DATA: `${file}/below` });
    expect(unwritable).toMatchObject({ code: 2, stdout: '' });
    oneLine(unwritable.stderr);
  });
});
