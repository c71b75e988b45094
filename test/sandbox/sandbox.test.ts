// The first five minutes: start the sandbox, ask where Bob is, register oneself, change one's mind, withdraw, restart.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PEOPLE } from '../../src/platform/node/sandbox/world.ts';
import { makeHome, run, startSandbox, startServer } from '../support/program.ts';
import { findTraces, folderHaystacks, needles, spellings } from '../support/traces.ts';

// Every step is a process of its own, on a machine that has other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const home = makeHome();
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
const logs: string[] = [];
const start = async (args?: readonly string[]) => {
  const started = await startSandbox(home, args);
  return {
    ...started,
    stop: async () => {
      const code = await started.stop();
      logs.push(started.stderr());
      return code;
    },
  };
};
beforeAll(async () => {
  sandbox = await start();
});
afterAll(async () => {
  await sandbox.stop();
  home.remove();
});

const BOB = '+44 20 7946 0123';
const FROM = ['--from', 'alicechat.localhost'];
const where = (...args: string[]) => run(['where', ...args, ...FROM], sandbox.env);

describe('starting', () => {
  test('the banner says that it is a sandbox, where everything is, and what to try', () => {
    const banner = sandbox.stdout();
    expect(banner).toContain('SANDBOX');
    for (const name of ['directory', 'bobchat', 'charliechat', 'evechat', 'alicechat'])
      expect(banner).toContain(`http://${name}.localhost:${sandbox.port}`);
    expect(banner).toContain('npx whereabouts where "+44 20 7946 0123" --from alicechat.localhost');
  });

  test('its keys are its owner’s alone', () => {
    const file = path.join(home.folder, 'data/whereabouts/sandbox/keys.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('where', () => {
  test('Bob is at BobChat, confirmed, with a bridge and its warning, and nothing of EveChat', async () => {
    const { code, stdout, stderr } = await where(BOB);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('BobChat');
    expect(stdout).toContain('@bob:bobchat.localhost');
    expect(stdout).toContain('confirmed');
    expect(stdout).toContain('/bridges/alicechat');
    expect(stdout).toContain('re-encrypted by the bridge');
    expect(stdout).toMatch(/warning +\S/);
    expect(stdout.toLowerCase()).not.toContain('evechat');
  });

  test('in Alice’s own language: as she says, else as her environment does', async () => {
    const polish = await where(BOB, '--language', 'pl');
    expect(polish.stdout).toContain('Tę rozmowę szyfruje na nowo bobchat.localhost; operator może ją odczytać.');
    expect(polish.stdout).toMatch(/epoka \d+, 2 podpisy świadków$/m);
    const env = { ...sandbox.env, LANG: 'de_DE.UTF-8' };
    const german = await run(['where', BOB, ...FROM], env);
    expect(german.stdout).toMatch(/^ {4}Warnung +Diese Unterhaltung wird von bobchat.localhost neu verschlüsselt/m);
    const posix = await run(['where', BOB, ...FROM, '--json'], { ...env, LC_ALL: 'C' });
    expect(JSON.parse(posix.stdout)).toMatchObject({ language: 'en' });
    const resolver = ['--resolver', `http://alicechat.localhost:${sandbox.port}`, '--json'];
    const french = await where(BOB, '--language', 'fr-CH', ...resolver);
    expect(JSON.parse(french.stdout)).toMatchObject({
      language: 'fr',
      routes: [{ encryption: { verdict: 'readable', explanation: expect.stringContaining('Cette conversation') } }],
    });
    const unknown = await where(BOB, '--language', 'tlh');
    expect(unknown).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('en, fr, de, es, it, pl') });
  });

  test('and the other way round: Bob’s friends on BobChat reach people elsewhere, and each other in private', async () => {
    const fromBobChat = async (id: string): Promise<unknown> =>
      JSON.parse((await run(['where', id, '--from', 'bobchat.localhost', '--json'], sandbox.env)).stdout);
    expect(await fromBobChat(BOB)).toMatchObject({
      routes: [{ connect: { source: 'native', bridges: [] }, encryption: { verdict: 'private', warning: null } }],
    });
    expect(await fromBobChat('charlie@charliechat.localhost')).toMatchObject({
      routes: [{ connect: { source: 'common', protocol: 'matrix', bridges: [{ side: 'asker' }] } }],
    });
  });

  test('the same as JSON, as §7 has it', async () => {
    const { code, stdout } = await where(BOB, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      id: 'tel:+442079460123',
      outcome: 'found',
      routes: [
        {
          provider: { domain: 'bobchat.localhost', name: 'BobChat' },
          address: '@bob:bobchat.localhost',
          assurance: 'confirmed',
          issuers: ['bobchat.localhost'],
          connect: { protocol: 'alicechat', source: 'advertised', placement: 'server', operator: 'bobchat.localhost' },
          encryption: { level: 're-encrypted-by-bridge' },
        },
      ],
      directories: [
        { domain: 'directory.localhost', outcome: 'found' },
        { domain: 'harbour.localhost', outcome: 'absent' },
      ],
    });
  });

  test('somebody the other directory knows', async () => {
    const { code, stdout } = await where('+44 20 7946 0654', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'found',
      routes: [{ address: '@erin:charliechat.localhost', assurance: 'confirmed' }],
      directories: [
        { domain: 'directory.localhost', outcome: 'absent' },
        { domain: 'harbour.localhost', outcome: 'found' },
      ],
    });
  });

  test('with --unverified EveChat’s claim shows, as a claim, after Bob’s own', async () => {
    const { stdout } = await where(BOB, '--unverified', '--json');
    const { routes } = JSON.parse(stdout) as { routes: { provider: { domain: string }; assurance: string }[] };
    expect(routes.map(({ provider, assurance }) => [provider.domain, assurance])).toEqual([
      ['bobchat.localhost', 'confirmed'],
      ['evechat.localhost', 'claimed'],
    ]);
  });

  test('curl, as the banner has it', async () => {
    const line = /^ +(curl .*)$/m.exec(sandbox.stdout())?.[1] ?? '';
    expect(line).not.toBe('');
    const { stdout } = await promisify(execFile)('sh', ['-c', line]);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'found',
      routes: [{ provider: { domain: 'bobchat.localhost' }, assurance: 'confirmed' }],
    });
  });

  test('the resolver, through --resolver', async () => {
    const resolver = `http://alicechat.localhost:${sandbox.port}`;
    const { code, stdout } = await where(BOB, 'charlie@charliechat.localhost', '--resolver', resolver);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(2);
  });

  test('an unregistered number is absent, with networks to try instead', async () => {
    const { code, stdout } = await where('+44 20 7946 0999');
    expect(code).toBe(1);
    expect(stdout).toContain('absent');
    expect(stdout).toContain('BobChat');
    expect(stdout).toContain('CharlieChat');
  });

  test('who opted out is opted out', async () => {
    const { code, stdout } = await where('+44 20 7946 0789');
    expect(code).toBe(1);
    expect(stdout).toContain('opted-out');
  });

  test('somebody with two providers, in his own order; preferences and aversions of the asker', async () => {
    const providers = async (...args: string[]) => {
      const { stdout } = await where('--json', ...args, '+44 20 7946 0321');
      const { routes } = JSON.parse(stdout) as { routes: { provider: { domain: string } }[] };
      return routes.map(({ provider }) => provider.domain);
    };
    expect(await providers()).toEqual(['charliechat.localhost', 'bobchat.localhost']);
    expect(await providers('--prefer', 'bobchat.localhost')).toEqual(['bobchat.localhost', 'charliechat.localhost']);
    expect(await providers('--avoid', 'charliechat.localhost')).toEqual(['bobchat.localhost']);
    expect(await providers('--for', 'business')).toEqual(['bobchat.localhost']);
  });

  test('what is no identifier: exit 2, one line, nothing of the input', async () => {
    const { code, stdout, stderr } = await where('+44 20 7946 01');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('identifier-invalid');
    expect(stderr).not.toContain('7946');
  });

  test('a list from standard input: a line each in order, bad ones told, the worst one counts', async () => {
    const list = `# contacts\n${BOB}\n\nnonsense\n+44 20 7946 0999\ncharlie@charliechat.localhost\n`;
    const { code, stdout, stderr } = await run(['where', '--file', '-', ...FROM], sandbox.env, list);
    expect(code).toBe(2);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/)[0]),
    ).toEqual(['found', 'absent', 'found']);
    expect(stderr).toContain('number 2');
    const json = await run(['where', '--file', '-', '--json', ...FROM], sandbox.env, list);
    const outcomes = json.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { outcome: string }).outcome);
    expect(outcomes).toEqual(['found', 'invalid', 'absent', 'found']);
  });

  test('nobody there: unknown, exit 3', async () => {
    const { code, stdout } = await run(['where', BOB, ...FROM, '--port', '9'], sandbox.env);
    expect(code).toBe(3);
    expect(stdout).toContain('unknown');
  });
});

describe('checked', () => {
  test('an answer names who cosigned; an auditor of one’s own finds that everything follows', async () => {
    // A witness may be too slow once on a busy machine: then it cosigns the next epoch.
    await vi.waitFor(async () => expect((await where(BOB)).stdout).toContain(', 2 witnesses'), {
      timeout: 120_000,
      interval: 5_000,
    });
    const { code, stdout, stderr } = await run(['audit', 'directory.localhost', '--json'], sandbox.env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ directory: 'directory.localhost' });
    expect((await run(['audit', 'bobchat.localhost'], sandbox.env)).code).not.toBe(0);
  });

  test('the witness and the auditor say who they are', async () => {
    for (const role of ['witness', 'auditor']) {
      const { stdout } = await run(['describe', `${role}.localhost`, '--json'], sandbox.env);
      expect(JSON.parse(stdout).description).toMatchObject({
        witness: {
          url: `http://${role}.localhost:${sandbox.port}/${role}`,
          key: expect.stringContaining(`${role}.localhost/${role}+`),
        },
      });
    }
  });
});

describe('registering', () => {
  const register = (id: string, ...args: string[]) => run(['register', id, ...args, '--account', 'me'], sandbox.env);
  const routesOf = async (id: string) => {
    const { stdout } = await where(id, '--json');
    const { outcome, routes } = JSON.parse(stdout) as {
      outcome: string;
      routes: { provider: { domain: string }; address: string; assurance: string }[];
    };
    return [outcome, ...routes.map(({ address, assurance }) => `${address} ${assurance}`)];
  };
  const BOBCHAT = ['--provider', 'bobchat.localhost'];
  const CHARLIECHAT = ['--provider', 'charliechat.localhost'];

  test.each(['+44 20 7946 0555', 'me@example.org'])('%s: found, order changed, withdrawn, gone', async (id) => {
    const registered = await register(id, ...BOBCHAT, ...CHARLIECHAT);
    expect(registered).toMatchObject({ code: 0, stderr: '' });
    const atBob = '@me:bobchat.localhost confirmed';
    const atCharlie = '@me:charliechat.localhost confirmed';
    expect(await routesOf(id)).toEqual(['found', atBob, atCharlie]);

    const changed = await register(id, ...CHARLIECHAT, ...BOBCHAT);
    expect(changed).toMatchObject({ code: 0, stderr: '' });
    expect(changed.stdout).toContain('Changed');
    expect(await routesOf(id)).toEqual(['found', atCharlie, atBob]);

    // Changed with the key that was kept: nobody need vouch again, and the address is remembered.
    const alone = await run(['register', id, ...BOBCHAT, ...CHARLIECHAT, '--no-auto'], sandbox.env);
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    expect(await routesOf(id)).toEqual(['found', atBob, atCharlie]);

    // Another set of providers needs new proof, and takes the old record's place.
    const fewer = await register(id, ...BOBCHAT);
    expect(fewer).toMatchObject({ code: 0, stderr: '' });
    expect(fewer.stdout).toContain('Registered');
    expect((await routesOf(id))[1]).toEqual(atBob);

    const withdrawn = await run(['withdraw', id], sandbox.env);
    expect(withdrawn).toMatchObject({ code: 0, stderr: '' });
    expect(await routesOf(id)).toEqual(['absent']);
    expect((await run(['withdraw', id], sandbox.env)).code).toBe(1);
  });

  test('opting out', async () => {
    const id = '+44 20 7946 0556';
    expect(await register(id, ...BOBCHAT, '--opt-out')).toMatchObject({ code: 0, stderr: '' });
    expect(await routesOf(id)).toEqual(['opted-out']);
  });

  test('somebody else’s number is refused: exit 4', async () => {
    const { code, stderr } = await register(BOB, ...BOBCHAT);
    expect(code).toBe(4);
    expect(stderr).toContain('account-refused');
    expect(stderr).not.toContain('7946');
  });

  test('what is kept is readable by its owner alone, and holds no identifier', async () => {
    const id = '+44 20 7946 0557';
    await register(id, ...BOBCHAT);
    const folder = path.join(home.folder, 'data/whereabouts/registrations');
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      expect(statSync(path.join(folder, file)).mode & 0o777).toBe(0o600);
      expect(`${file} ${readFileSync(path.join(folder, file), 'utf8')}`).not.toMatch(/79460557|example\.org/);
    }
    await run(['withdraw', id], sandbox.env);
  });
});

describe('describing', () => {
  test('a provider, in words and as JSON', async () => {
    const { code, stdout } = await run(['describe', 'bobchat.localhost'], sandbox.env);
    expect(code).toBe(0);
    expect(stdout).toContain('BobChat');
    expect(stdout).toContain('from alicechat.localhost');
    const json = await run(['describe', 'directory.localhost', '--json'], sandbox.env);
    expect(JSON.parse(json.stdout)).toMatchObject({
      valid: true,
      description: { domain: 'directory.localhost', directory: { issuers: 'open' }, signature: expect.any(String) },
    });
  });
});

describe('what other software speaks', () => {
  const curl = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('curl', ['-s', '-w', '\n%{http_code}', ...args]);
    const [, body = '', status] = /^([^]*)\n(\d+)$/.exec(stdout) ?? [];
    return { status: Number(status), body: JSON.parse(body) as unknown };
  };
  const alice = (path: string) => `http://alicechat.localhost:${sandbox.port}${path}`;

  test('WebFinger: Bob’s number leads to his account and the bridge', async () => {
    const asked = (resource: string) => curl(alice(`/.well-known/webfinger?resource=${resource}`));
    const { status, body } = await asked('tel:+442079460123');
    expect(status).toBe(200);
    expect(JSON.stringify(body)).toContain('bobchat.localhost');
    expect(await asked('tel:+442079460999')).toMatchObject({ status: 404, body: { code: 'record-unknown' } });
  });

  test('a homeserver’s third-party look-up: with its token only', async () => {
    const path = alice('/_matrix/app/v1/thirdparty/protocol/whereabouts');
    expect((await curl(path)).status).toBe(401);
    const { status, body } = await curl(path, '-H', 'authorization: Bearer sandbox-hs-token');
    expect([status, body]).toMatchObject([200, { user_fields: ['identifier'] }]);
  });

  test('a Matrix identity service that takes no hashes', async () => {
    expect(await curl(alice('/_matrix/identity/versions'))).toMatchObject({ status: 200 });
    const { status } = await curl(alice('/_matrix/identity/v2/hash_details'));
    expect(status).toBe(401);
  });

  test('ENUM, by a DNS server of one’s own', async () => {
    expect(await run(['enum', '--listen', '127.0.0.1:0'], sandbox.env)).toMatchObject({ code: 2, stdout: '' });
    const server = await startServer(['enum', ...FROM, '--listen', '127.0.0.1:0'], sandbox.env, /"event":"listening"/);
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${/"port":(\d+)/.exec(server.stderr())?.[1]}`]);
    const [route] = await resolver.resolveNaptr('3.2.1.0.6.4.9.7.0.2.4.4.e164.arpa');
    expect(route?.regexp).toContain('bobchat.localhost');
    await expect(resolver.resolveNaptr('9.9.9.0.6.4.9.7.0.2.4.4.e164.arpa')).rejects.toThrow(/ENOTFOUND|ENODATA/);
    expect(await server.stop()).toBe(0);
    logs.push(server.stderr());
  });
});

describe('starting again', () => {
  test('state survives; nobody is registered twice; a second one is told what is taken', async () => {
    const id = '+44 20 7946 0558';
    await run(['register', id, '--provider', 'bobchat.localhost', '--account', 'me'], sandbox.env);
    const people = path.join(home.folder, 'data/whereabouts/sandbox/people.json');
    const before = readFileSync(people, 'utf8');

    const port = String(sandbox.port);
    const taken = await run(
      ['serve', '--sandbox', '--port', port, '--data', path.join(home.folder, 'other')],
      home.env,
    );
    expect(taken).toMatchObject({ code: 3, stdout: '' });
    expect(taken.stderr.trim().split('\n')).toHaveLength(1);
    expect(taken.stderr).toContain(`port ${port}`);
    const locked = await run(['serve', '--sandbox', '--port', '0'], home.env);
    expect(locked).toMatchObject({ code: 3, stdout: '' });
    expect(locked.stderr.trim().split('\n')).toHaveLength(1);
    expect(locked.stderr).toContain('database-busy');

    expect(await sandbox.stop()).toBe(0);
    sandbox = await start(['--port', port]);
    expect(readFileSync(people, 'utf8')).toBe(before);
    expect((await where(id)).code).toBe(0);
    expect((await where(BOB)).stdout).toContain('@bob:bobchat.localhost');
  });

  test('whose registration ends soon is registered anew, and found once', async () => {
    const people = path.join(home.folder, 'data/whereabouts/sandbox/people.json');
    const before = JSON.parse(readFileSync(people, 'utf8')) as { version: 1; until: Record<string, number> };
    expect(await sandbox.stop()).toBe(0);
    writeFileSync(people, JSON.stringify({ ...before, until: { ...before.until, 'bob/0': 1 } }), { mode: 0o600 });
    sandbox = await start();
    const after = JSON.parse(readFileSync(people, 'utf8')) as typeof before;
    expect(after.until['bob/0']).toBeGreaterThanOrEqual(before.until['bob/0'] ?? 0);
    expect({ ...after.until, 'bob/0': 0 }).toEqual({ ...before.until, 'bob/0': 0 });
    const { stdout } = await where(BOB, '--json');
    expect((JSON.parse(stdout) as { routes: unknown[] }).routes).toHaveLength(1);
  });

  test('a folder that cannot be: one line, exit 2', async () => {
    const folder = path.join(home.folder, 'data/whereabouts/sandbox/keys.json/below');
    const { code, stdout, stderr } = await run(['serve', '--sandbox', '--port', '0', '--data', folder], home.env);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('what is left behind', () => {
  test('no file and no log line, debug level too, holds an identifier in any form', async () => {
    const mine = ['tel:+442079460558', 'mailto:me@example.org'];
    const canned = PEOPLE.flatMap(({ identifiers }) => identifiers);
    const wanted = needles([...mine, ...canned].flatMap((id) => spellings(id)));
    // The search itself: what is planted is found.
    writeFileSync(path.join(home.folder, 'planted'), `x ${mine[0]} y`);
    expect(findTraces(folderHaystacks(home.folder), wanted)).toContain('planted: clear');
    rmSync(path.join(home.folder, 'planted'));
    await sandbox.stop();
    expect(findTraces(folderHaystacks(home.folder), wanted)).toEqual([]);
    const log = { where: 'log', octets: Buffer.from(logs.join('')) };
    expect(log.octets.length).toBeGreaterThan(1_000);
    expect(findTraces([log], wanted)).toEqual([]);
    sandbox = await start();
  });
});

describe('what the sandbox lets nobody do', () => {
  const post = (host: string, url: string, headers: Record<string, string> = {}) =>
    promisify(execFile)('curl', [
      ...'-s -o /dev/null -w %{http_code} -X POST -d {}'.split(' '),
      '-H',
      `host: ${host}`,
      '-H',
      'content-type: application/json',
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      `http://127.0.0.1:${sandbox.port}${url}`,
    ]).then(({ stdout }) => Number(stdout));

  test('other hosts are refused; an issuer wants an account', async () => {
    expect(await post('example.org', '/v1/where')).toBe(421);
    expect(await post('bobchat.localhost', '/whereabouts/nonce')).toBe(401);
    expect(await post('bobchat.localhost', '/whereabouts/nonce', { authorization: 'Bearer sandbox-' })).toBe(401);
    expect(await post('bobchat.localhost', '/whereabouts/nonce', { authorization: 'Bearer sandbox-me' })).toBe(200);
  });
});
