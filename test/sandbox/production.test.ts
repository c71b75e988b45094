// Production, whole: directory, issuer and resolver as three processes with TLS on PostgreSQL, their names served by a DNS
// server of our own, one person who registers, is found, and withdraws. And what the sandbox allows, nobody may here.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { generate } from 'selfsigned';
import postgres from 'postgres';
import { Agent, fetch as fetchFrom, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readAttestation } from '../../src/protocol/token/attestation.ts';
import { signPossession } from '../../src/protocol/token/possession.ts';
import { generateTemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { describeBlackBox } from '../conformance/black-box.ts';
import { createPostgresDatabase } from '../support/database.ts';
import { startDns } from '../support/dns.ts';
import { serveHttps } from '../support/https.ts';
import { makeHome, run, startServer, type Home, type Server } from '../support/program.ts';
import { findTraces, needles, spellings, type Haystack } from '../support/traces.ts';

vi.setConfig({ testTimeout: 180_000 });

const DIRECTORY = { domain: 'directory.example', address: '127.0.1.1' };
const PROVIDER = { domain: 'bob.example', address: '127.0.1.2' };
const GATEKEEPER = { domain: 'alice.example', address: '127.0.1.3' };
const ALL = [DIRECTORY, PROVIDER, GATEKEEPER];
const ID = '+44 20 7946 0321';

/** Whether this machine lets us have port 443 on more loopback addresses than one. */
const canBind = await new Promise<boolean>((resolve) => {
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(443, DIRECTORY.address, () => server.close(() => resolve(true)));
});

/** A provider's plug-in: one user, known by a token of the provider's own. */
const ACCOUNTS = `
export const accounts = {
  authenticate: async (request) =>
    request.headers.get('authorization') === 'Bearer of-bobs-session' ? { id: 'bob' } : undefined,
  owns: async (account, identifier) =>
    identifier === 'tel:+442079460321' ? { address: '@bob:bob.example', amr: ['sms'] } : undefined,
};
`;

describe.skipIf(!canBind)(`production${canBind ? '' : ' (skipped: port 443 cannot be had here)'}`, () => {
  const closers: (() => unknown)[] = [];
  /** Reaches these three by their names. */
  let internet: Agent;
  const homes: Record<string, Home> = {};
  const servers: Record<string, Server> = {};
  let network: Record<string, string>;
  let person: Home;
  let ca: string;
  type Place = Awaited<ReturnType<typeof createPostgresDatabase>>;
  let databases: readonly [Place, Place];
  let issuerEnv: () => Record<string, string>;

  const homeOf = (name: string): Home => {
    const home = (homes[name] ??= makeHome());
    return home;
  };
  const fileOf = (home: Home, name: string, text: string, mode = 0o600): string => {
    const file = path.join(home.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
    return file;
  };
  const keysOf = async (home: Home, domain: string) => {
    await run(['init', '--domain', domain], home.env);
    const { stdout } = await run(['keys', '--domain', domain, '--json'], home.env);
    return JSON.parse(stdout) as { jwks: { keys: object[] } };
  };
  const serveAs = async (name: string, settings: Record<string, string>) => {
    const env = { ...homeOf(name).env, ...network, WHEREABOUTS_LOG_LEVEL: 'debug', ...settings };
    servers[name] = await startServer(['serve'], env, /"event":"listening"/);
  };

  beforeAll(async () => {
    const dns = await startDns(Object.fromEntries(ALL.map(({ domain, address }) => [domain, [address]])));
    closers.push(() => dns.close());
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'whereabouts tests' }], {
      keyType: 'ec',
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'subjectAltName', altNames: ALL.map(({ domain }) => ({ type: 2 as const, value: domain })) },
      ],
    });
    ca = cert;
    internet = new Agent({
      connect: {
        ca,
        lookup: (name, _options, done) =>
          done(null, [{ address: ALL.find(({ domain }) => domain === name)?.address ?? '127.0.0.1', family: 4 }]),
      },
    });
    closers.push(() => internet.close());
    person = homeOf('person');
    const certFile = fileOf(person, 'cert.pem', cert);
    const keyFile = fileOf(person, 'key.pem', key);
    network = {
      NODE_EXTRA_CA_CERTS: certFile,
      WHEREABOUTS_DNS: dns.server,
      WHEREABOUTS_ALLOW_ADDRESSES: '127.0.0.0/8',
    };
    databases = [await createPostgresDatabase(), await createPostgresDatabase()] as const;
    closers.push(...databases.map((database) => () => database.drop()));
    const listener = (where: { domain: string; address: string }, url: string) => ({
      WHEREABOUTS_DOMAIN: where.domain,
      WHEREABOUTS_HOST: where.address,
      WHEREABOUTS_PORT: '443',
      WHEREABOUTS_TLS_CERT: certFile,
      WHEREABOUTS_TLS_KEY: keyFile,
      DATABASE_URL: url,
    });

    await keysOf(homeOf('directory'), DIRECTORY.domain);
    await keysOf(homeOf('issuer'), PROVIDER.domain);
    // A gatekeeper's description may be a file somebody wrote by hand (§8).
    const { jwks } = await keysOf(homeOf('resolver'), GATEKEEPER.domain);
    const description = JSON.stringify({ version: 1, domain: GATEKEEPER.domain, name: 'AliceChat', jwks });
    const site = await serveHttps(
      { key, cert },
      (_request, response) => response.setHeader('content-type', 'application/json').end(description),
      { host: GATEKEEPER.address, port: 443 },
    );
    closers.push(() => site.close());
    const policy = {
      domain: GATEKEEPER.domain,
      directories: [DIRECTORY.domain],
      trust: { tel: [PROVIDER.domain], mailto: [] },
      alternatives: [PROVIDER.domain],
    };

    await serveAs('directory', listener(DIRECTORY, databases[0].url));
    const issuer = {
      ...listener(PROVIDER, databases[1].url),
      WHEREABOUTS_ROLES: 'issuer',
      WHEREABOUTS_ISSUER_ACCOUNTS: fileOf(homeOf('issuer'), 'accounts.mjs', ACCOUNTS),
      WHEREABOUTS_ISSUER_DIRECTORIES: DIRECTORY.domain,
      WHEREABOUTS_NAME: 'BobChat',
    };
    await serveAs('issuer', issuer);
    issuerEnv = () => ({ ...homeOf('issuer').env, ...network, ...issuer });
    const resolver = homeOf('resolver');
    await serveAs('resolver', {
      WHEREABOUTS_ROLES: 'resolver',
      WHEREABOUTS_DOMAIN: GATEKEEPER.domain,
      WHEREABOUTS_POLICY: fileOf(resolver, 'policy.json', JSON.stringify(policy)),
      WHEREABOUTS_RESOLVER_TOKEN_FILE: path.join(resolver.folder, 'config/whereabouts/resolver-token'),
      WHEREABOUTS_RESOLVER_PORT: '0',
    });
  }, 120_000);

  afterAll(async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    for (const close of closers.toReversed()) await close();
    for (const home of Object.values(homes)) home.remove();
  });

  const resolverUrl = () => `http://127.0.0.1:${/"port":(\d+)/.exec(servers['resolver']?.stderr() ?? '')?.[1]}`;
  const askResolver = (...args: string[]) => {
    const { folder, env } = homeOf('resolver');
    const token = path.join(folder, 'config/whereabouts/resolver-token');
    const place = ['--resolver', resolverUrl(), '--token-file', token, '--from', GATEKEEPER.domain];
    return run(['where', ...args, ...place, '--json'], env);
  };

  test('register, found by the resolver and by the command line, withdraw, gone', async () => {
    expect((await askResolver(ID)).code).toBe(1);
    const header = fileOf(person, 'header', 'Bearer of-bobs-session\n');
    const env = { ...person.env, ...network };
    const registered = await run(
      [
        ...`register --directory ${DIRECTORY.domain} --provider ${PROVIDER.domain} --auto`.split(' '),
        ...`--authorization-file ${header} --address @bob:bob.example`.split(' '),
        ID,
      ],
      env,
    );
    expect(registered).toMatchObject({ code: 0, stderr: '' });

    const expected = {
      outcome: 'found',
      routes: [
        {
          provider: { domain: PROVIDER.domain, name: 'BobChat' },
          address: '@bob:bob.example',
          assurance: 'confirmed',
          auto: true,
        },
      ],
    };
    const found = await askResolver(ID);
    expect(found).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(found.stdout)).toMatchObject(expected);

    const { folder, env: own } = homeOf('resolver');
    const policy = ['--policy', path.join(folder, 'policy.json')];
    const asked = await run(['where', ID, ...policy, '--json'], { ...own, ...network });
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(asked.stdout)).toMatchObject(expected);

    expect(await run(['withdraw', ID], env)).toMatchObject({ code: 0, stderr: '' });
    const gone = await askResolver(ID);
    expect(gone.code).toBe(1);
    expect(JSON.parse(gone.stdout)).toMatchObject({ outcome: 'absent', alternatives: [{ domain: PROVIDER.domain }] });
  });

  test('the issuer’s operator attests by hand, sees what was given out, takes it back', async () => {
    const env = issuerEnv();
    const json = async (...args: string[]) => {
      const { code, stdout, stderr } = await run(['attest', ...args, '--json'], env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    };
    const account = ['--account', 'carol'];
    const [{ nonce } = {}] = await json('nonce', ...account);
    const key = await generateTemporaryKey();
    const iat = Math.floor(Date.now() / 1000);
    const claims = { aud: PROVIDER.domain, iat, exp: iat + 300, nonce: String(nonce) };
    const proof = fileOf(homeOf('issuer'), 'proof', await signPossession(claims, key));
    const [issued] = await json(
      'issue',
      '+44 20 7946 0444',
      ...`--account carol --possession ${proof} --directory ${DIRECTORY.domain}`.split(' '),
      ...'--address @carol:bob.example --amr sms'.split(' '),
    );
    const attestation = readAttestation(String(issued?.['attestation']));
    expect(attestation).toMatchObject({ iss: PROVIDER.domain, aud: DIRECTORY.domain, amr: ['sms'], jkt: key.jkt });
    expect(attestation.account).toBeDefined();

    expect(await json('list', ...account)).toHaveLength(1);
    expect(await json('withdraw', attestation.jti, ...account)).toEqual([{ withdrawn: 1, records: 'none' }]);
    expect((await json('list', ...account))[0]).toHaveProperty('withdrawnAt');
    expect((await run(['attest', 'withdraw', ...account], env)).code).toBe(4);
  });

  test('another OPRF key: the directory’s operator rotates, the issuer’s sees who is due, people renew', async () => {
    const header = fileOf(person, 'header', 'Bearer of-bobs-session\n');
    const env = { ...person.env, ...network };
    const known = ['--authorization-file', header];
    const place = `--directory ${DIRECTORY.domain} --provider ${PROVIDER.domain} --address @bob:bob.example`.split(' ');
    const monitor = async () => {
      const { code, stdout } = await run(['monitor', '--json'], env);
      const lines = stdout.trim().split('\n');
      return { code, reports: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
    };
    expect(await run(['register', ...place, ...known, ID], env)).toMatchObject({ code: 0, stderr: '' });
    expect(await monitor()).toMatchObject({ code: 0, reports: [{ outcome: 'clean' }] });
    const due = () => run(['attest', 'due', '--accounts', '-', '--json'], issuerEnv(), 'bob\ncarol\n');
    expect(await due()).toMatchObject({ code: 0, stdout: '', stderr: '' });

    expect((await run(['keys', 'rotate'], homeOf('directory').env)).code).toBe(0);
    const patience = { timeout: 30_000, interval: 500 };
    await vi.waitFor(async () => expect((await due()).stdout).toContain('"account":"bob"'), patience);
    expect((await askResolver(ID)).code).toBe(0);
    const [watched] = (await monitor()).reports;
    expect(watched).toMatchObject({ outcome: 'clean', keyUntil: expect.any(Number) as number });
    const told = await run(['monitor'], env);
    expect(told.stdout).toContain('--renew');

    const list = fileOf(homeOf('issuer'), 'users.jsonl', `${JSON.stringify({ account: 'bob', identifier: ID })}\n`);
    // His device does it before the issuer does it for him.
    expect(await run(['register', '--directory', DIRECTORY.domain, '--renew', ...known, ID], env)).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(JSON.parse((await run(['attest', 'renew', list], issuerEnv())).stdout)).toMatchObject({
      outcome: 'current',
    });
    expect((await due()).stdout).toBe('');
    const both = await monitor();
    expect(both).toMatchObject({ code: 0, reports: [{ outcome: 'clean' }, { outcome: 'clean' }] });
    expect(new Set(both.reports.map(({ name }) => name)).size).toBe(2);
    expect(both.reports.filter(({ keyUntil }) => keyUntil !== undefined)).toHaveLength(1);
    const found = await askResolver(ID);
    expect(JSON.parse(found.stdout)).toMatchObject({ outcome: 'found', contested: false });

    // Under both names it is taken back.
    expect((await run(['withdraw', ID], env)).stdout.match(/Withdrawn/g)).toHaveLength(2);
    expect((await askResolver(ID)).code).toBe(1);
    const { code, stderr } = await run(['attest', 'renew', '-'], issuerEnv(), '{"account":"bob"}\n');
    expect(code).toBe(2);
    expect(stderr).toContain('line 1 is not');
  });

  describeBlackBox('from outside', () => ({
    ask: (host, at, init) => {
      const own = host === GATEKEEPER.domain ? resolverUrl() : `https://${host}`;
      return fetchFrom(`${own}${at}`, { redirect: 'manual', ...init, dispatcher: internet } as never);
    },
    token: readFileSync(path.join(homeOf('resolver').folder, 'config/whereabouts/resolver-token'), 'utf8').trim(),
    witnesses: [],
  }));

  test('the resolver wants its token, and answers to its own names only', async () => {
    const ask = async (headers: Record<string, string>) => {
      const { statusCode, body } = await request(`${resolverUrl()}/v1/where`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ id: ID }),
      });
      return [statusCode, ((await body.json()) as { code: string }).code];
    };
    expect(await ask({})).toEqual([401, 'credentials-required']);
    expect(await ask({ authorization: `Bearer ${'x'.repeat(43)}` })).toEqual([401, 'credentials-invalid']);
    expect(await ask({ host: 'rebound.example' })).toEqual([421, 'host-refused']);
  });

  describe('what only the sandbox allows', () => {
    const post = async (where: { domain: string; address: string }, url: string, headers = {}, body: object = {}) => {
      const { statusCode, body: reply } = await request(`https://${where.address}${url}`, {
        method: 'POST',
        dispatcher: new Agent({ connect: { ca, servername: where.domain } }),
        headers: { host: where.domain, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      return [statusCode, ((await reply.json()) as { code: string }).code];
    };

    test('no evaluation without credentials', async () => {
      const config = await request(`https://${DIRECTORY.address}/v1/config`, {
        dispatcher: new Agent({ connect: { ca, servername: DIRECTORY.domain } }),
        headers: { host: DIRECTORY.domain },
      });
      const key = /^oprf ([0-9a-f]{16}) /m.exec(await config.body.text())?.[1];
      const blinded = ['4oc4mBmKJBxyqA2dGEHTVDDOMGPqWqZdyVRS4vUHgjc'];
      const [status, code] = await post(DIRECTORY, '/v1/evaluate', {}, { key, blinded });
      expect([401, 429]).toContain(status);
      expect(['credentials-required', 'quota-exceeded']).toContain(code);
    });

    test('no made-up accounts', async () => {
      const headers = { authorization: 'Bearer sandbox-bob' };
      expect(await post(PROVIDER, '/whereabouts/nonce', headers)).toEqual([401, 'credentials-invalid']);
    });

    test('no *.localhost, whoever names it', async () => {
      const get = await request(`https://${DIRECTORY.address}/v1/providers/bobchat.localhost`, {
        dispatcher: new Agent({ connect: { ca, servername: DIRECTORY.domain } }),
        headers: { host: DIRECTORY.domain },
      });
      expect(get.statusCode).toBeGreaterThanOrEqual(400);
      expect(await get.body.text()).toContain('urn:whereabouts:error:');
    });

    test('a certificate nobody trusts is no directory', async () => {
      const env = { ...person.env, ...network, NODE_EXTRA_CA_CERTS: '' };
      const { stderr, code } = await run(['describe', PROVIDER.domain], env);
      expect(code).toBe(3);
      expect(stderr).toContain('peer-unreachable');
    });
  });

  test('no log line of three debugging servers holds the number or the session', () => {
    const lines = Object.values(servers).map((server) => server.stderr() + server.stdout());
    expect(lines.join('').length).toBeGreaterThan(500);
    for (const text of lines) expect(text).not.toMatch(/7946 ?0321|of-bobs-session/);
    // Every line is a JSON object.
    for (const line of lines.join('').trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');
  });

  test('no column of either database holds the number in any form', async () => {
    const wanted = needles(spellings('tel:+442079460321', [ID]));
    for (const { url } of databases) {
      const sql = postgres(url, { max: 1, fetch_types: false });
      const tables = await sql<{ name: string }[]>`
        select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
        where table_schema not in ('pg_catalog', 'information_schema')`;
      const rows: Haystack[] = [];
      for (const { name } of tables)
        for (const row of await sql.unsafe<Record<string, unknown>[]>(`select * from ${name}`))
          for (const [column, value] of Object.entries(row)) {
            const text = typeof value === 'string' ? value : JSON.stringify(value);
            rows.push({ where: `${name}.${column}`, octets: Buffer.isBuffer(value) ? value : Buffer.from(text) });
          }
      await sql.end();
      expect(rows.length).toBeGreaterThan(10);
      expect(findTraces(rows, wanted)).toEqual([]);
    }
  });
});
