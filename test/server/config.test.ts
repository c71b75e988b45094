// The configuration: defaults of §10, every problem named at once, no value ever repeated, and a page that equals the table.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { readConfig, type Environment, type FileValues } from '../../src/server/config.ts';
import { envName, SETTINGS, type Key } from '../../src/server/settings.ts';
import { formatSettings } from '../../src/server/settings-text.ts';

const PLACES = { data: '/data', keys: '/config/keys.json', policy: '/config/policy.json' };
const DATABASE = { DATABASE_URL: 'postgres://u:p@localhost/x' };
const read = (env: Environment, file: FileValues = {}) => readConfig(env, file, PLACES);

function problemOf(env: Environment, file: FileValues = {}): string {
  try {
    read(env, file);
  } catch (error) {
    expect(error).toBeInstanceOf(WhereaboutsError);
    expect((error as WhereaboutsError).code).toBe('config-invalid');
    return (error as WhereaboutsError).message;
  }
  throw new Error('the configuration was accepted');
}

describe('defaults', () => {
  test('a domain is enough, and production is safe', () => {
    const { config, secrets, warnings } = read({ WHEREABOUTS_DOMAIN: 'directory.example' });
    expect(config).toMatchObject({
      domain: 'directory.example',
      url: 'https://directory.example',
      listen: { host: '127.0.0.1', port: 8080 },
      tls: undefined,
      data: '/data',
      keys: '/config/keys.json',
      policy: '/config/policy.json',
      network: { trustedProxies: [], allowAddresses: [], dns: undefined },
      resolver: { host: '127.0.0.1', port: 8081, origins: [], hosts: ['localhost', '127.0.0.1', '[::1]'] },
      logLevel: 'info',
    });
    expect([...config.roles]).toEqual(['directory']);
    expect(secrets.databaseUrl).toBeUndefined();
    expect(warnings).toEqual(['DATABASE_URL: the embedded database survives a crash, but not a power cut']);
  });

  test('the quotas are those of §10', () => {
    const day = 86_400;
    expect(read({ WHEREABOUTS_DOMAIN: 'directory.example' }).config.directory.quotas).toEqual({
      endUser: { capacity: 1_000, refill: 60, seconds: day },
      gatekeeper: { capacity: 100_000, refill: 100_000, seconds: day },
      unlisted: { capacity: 1_000, refill: 1_000, seconds: day },
      anonymous: { capacity: 0, refill: 0, seconds: 60 },
      changesPerNameAndIssuer: { capacity: 5, refill: 5, seconds: day },
      writesPerIssuer: { capacity: 60, refill: 60, seconds: 60 },
      writesPerListedIssuer: { capacity: 6_000, refill: 6_000, seconds: 60 },
      fetches: { capacity: 300, refill: 300, seconds: 60 },
      fetchesPerAddress: { capacity: 30, refill: 30, seconds: 60 },
      chainsPerAddress: { capacity: 20, refill: 20, seconds: day },
      linksPerAddress: { capacity: 200, refill: 200, seconds: day },
      linksPerChain: { capacity: 50, refill: 50, seconds: day },
      unlistedRecords: 1_000,
    });
  });
});

test('a publication: a folder, or a store with its key', () => {
  const of = (env: Environment) => {
    const { config, secrets } = read({ ...DATABASE, WHEREABOUTS_DOMAIN: 'a.example', ...env });
    return [config.directory.publication.to, config.directory.publication.interval, secrets.publicationSecretKey];
  };
  expect(of({})).toEqual([undefined, 10_000, undefined]);
  expect(of({ WHEREABOUTS_PUBLICATION: '/public' })).toEqual([{ folder: '/public' }, 10_000, undefined]);
  const store = {
    WHEREABOUTS_PUBLICATION: 'https://s3.example/files/a',
    WHEREABOUTS_PUBLICATION_KEY_ID: 'id',
    WHEREABOUTS_PUBLICATION_SECRET_KEY: 'secret',
    WHEREABOUTS_PUBLICATION_INTERVAL: '30',
  };
  expect(of(store)).toEqual([{ url: 'https://s3.example/files/a', region: 'auto', keyId: 'id' }, 30_000, 'secret']);
});

describe('sources', () => {
  test('the environment wins over the file; an empty variable is not set', () => {
    const file = { domain: 'file.example', port: 9000, listed: ['a.example', 'b.example'] };
    const { config } = read({ WHEREABOUTS_DOMAIN: 'env.example', WHEREABOUTS_PORT: '' }, file);
    expect(config.domain).toBe('env.example');
    expect(config.listen.port).toBe(9000);
    expect([...config.directory.listed]).toEqual(['a.example', 'b.example']);
  });

  test('a secret in the file is refused', () => {
    const problem = problemOf({ WHEREABOUTS_DOMAIN: 'a.example' }, { resolverToken: 'correct horse battery staple' });
    expect(problem).toContain('resolverToken');
    expect(problem).not.toContain('correct horse');
  });

  test('a variable that only looks like ours is warned about', () => {
    const { warnings } = read({ ...DATABASE, WHEREABOUTS_DOMAIN: 'a.example', WHEREABOUTS_DOMIAN: 'b.example' });
    expect(warnings).toEqual(['WHEREABOUTS_DOMIAN is no setting and is ignored']);
  });

  test('allowed addresses are warned about', () => {
    const { config, warnings } = read({
      ...DATABASE,
      WHEREABOUTS_DOMAIN: 'a.example',
      WHEREABOUTS_ALLOW_ADDRESSES: '127.0.0.0/8',
    });
    expect(config.network.allowAddresses).toEqual(['127.0.0.0/8']);
    expect(warnings).toHaveLength(1);
  });

  test('nothing is counted or traced unless it is asked for; metrics stay on this machine unless it is said, and then with a warning', () => {
    const base = { ...DATABASE, WHEREABOUTS_DOMAIN: 'a.example' };
    const plain = read(base).config;
    expect([plain.metrics, plain.traces]).toEqual([undefined, undefined]);
    const local = read({ ...base, WHEREABOUTS_METRICS_PORT: '9464', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://[::1]:4318' });
    expect([local.config.metrics, local.config.traces]).toEqual([
      { host: '127.0.0.1', port: 9464 },
      'http://[::1]:4318',
    ]);
    expect(local.warnings).toEqual([]);
    const open = read({ ...base, WHEREABOUTS_METRICS_PORT: '9464', WHEREABOUTS_METRICS_HOST: '0.0.0.0' });
    expect(open.warnings).toEqual([expect.stringContaining('WHEREABOUTS_METRICS_HOST')]);
    // The resolver's port is nobody's where there is none.
    expect(read({ ...base, WHEREABOUTS_METRICS_PORT: '8081' }).config.metrics?.port).toBe(8081);
  });
});

describe('problems', () => {
  test('everything wrong is named at once, and no value is repeated', () => {
    const problem = problemOf({
      WHEREABOUTS_ROLES: 'issuer,resolver',
      WHEREABOUTS_PORT: '99999',
      WHEREABOUTS_TLS_CERT: '/cert.pem',
      DATABASE_URL: 'mysql://user:hunter2@db/x',
      WHEREABOUTS_ALLOW_ADDRESSES: '10.0.0.0/99',
      WHEREABOUTS_QUOTA_END_USER: 'plenty',
    });
    for (const name of [
      'WHEREABOUTS_PORT',
      'WHEREABOUTS_DOMAIN',
      'WHEREABOUTS_TLS_KEY',
      'DATABASE_URL',
      'WHEREABOUTS_ALLOW_ADDRESSES',
      'WHEREABOUTS_QUOTA_END_USER',
      'WHEREABOUTS_ISSUER_ACCOUNTS',
      'WHEREABOUTS_ISSUER_DIRECTORIES',
      'WHEREABOUTS_RESOLVER_TOKEN',
    ])
      expect(problem).toContain(name);
    for (const value of ['hunter2', 'plenty', '99999', '/cert.pem']) expect(problem).not.toContain(value);
  });

  const base = { WHEREABOUTS_DOMAIN: 'a.example' };
  const contradictions: readonly (readonly [name: string, env: Environment, file: FileValues, named: string])[] = [
    ['no role', { ...base, WHEREABOUTS_ROLES: ' , ' }, {}, 'WHEREABOUTS_ROLES'],
    ['an unknown role', { ...base, WHEREABOUTS_ROLES: 'king' }, {}, 'WHEREABOUTS_ROLES'],
    ['an unknown member of the file', base, { domian: 'x' }, 'domian'],
    ['an object in the file', base, { data: { path: '/x' } }, 'data'],
    ['null in the file', base, { listed: [null] }, 'listed'],
    [
      'a store without a key',
      { ...base, WHEREABOUTS_PUBLICATION: 'https://s3.example/files' },
      {},
      'WHEREABOUTS_PUBLICATION_KEY_ID',
    ],
    [
      'a store’s secret twice',
      {
        ...base,
        WHEREABOUTS_PUBLICATION: 'https://s3.example/files',
        WHEREABOUTS_PUBLICATION_KEY_ID: 'k',
        WHEREABOUTS_PUBLICATION_SECRET_KEY: 's',
        WHEREABOUTS_PUBLICATION_SECRET_KEY_FILE: '/s',
      },
      {},
      'WHEREABOUTS_PUBLICATION_SECRET_KEY',
    ],
    [
      'a store over plain http',
      { ...base, WHEREABOUTS_PUBLICATION: 'http://s3.example/files' },
      {},
      'WHEREABOUTS_PUBLICATION',
    ],
    [
      'a store without a bucket',
      { ...base, WHEREABOUTS_PUBLICATION: 'https://s3.example' },
      {},
      'WHEREABOUTS_PUBLICATION',
    ],
    [
      'files that are stale when they come',
      { ...base, WHEREABOUTS_PUBLICATION: '/public', WHEREABOUTS_PUBLICATION_INTERVAL: '900' },
      {},
      'WHEREABOUTS_PUBLICATION_INTERVAL',
    ],
    ['listed issuers, none listed', { ...base, WHEREABOUTS_ISSUERS: 'listed' }, {}, 'WHEREABOUTS_LISTED'],
    ['an IP address as domain', { WHEREABOUTS_DOMAIN: '127.0.0.1' }, {}, 'WHEREABOUTS_DOMAIN'],
    ['plain http as public address', { ...base, WHEREABOUTS_URL: 'http://a.example' }, {}, 'WHEREABOUTS_URL'],
    ['a log key without signing key', { ...base, WHEREABOUTS_LOG_KEY: '{}' }, {}, 'WHEREABOUTS_SIGNING_KEY'],
    [
      'keys from two places',
      { ...base, WHEREABOUTS_SIGNING_KEY: '{}', WHEREABOUTS_KEYS: '/k' },
      {},
      'WHEREABOUTS_KEYS and',
    ],
    [
      'a resolver on the directory’s address',
      {
        ...base,
        WHEREABOUTS_ROLES: 'directory,resolver',
        WHEREABOUTS_RESOLVER_TOKEN: 'x'.repeat(16),
        WHEREABOUTS_RESOLVER_PORT: '8080',
      },
      {},
      'WHEREABOUTS_RESOLVER_PORT',
    ],
    ['metrics on the public address', { ...base, WHEREABOUTS_METRICS_PORT: '8080' }, {}, 'WHEREABOUTS_METRICS_PORT'],
    [
      'a collector with credentials in its address',
      { ...base, OTEL_EXPORTER_OTLP_ENDPOINT: 'https://user:hunter2@collector.example' },
      {},
      'OTEL_EXPORTER_OTLP_ENDPOINT',
    ],
    [
      'a short resolver token',
      { ...base, WHEREABOUTS_ROLES: 'resolver', WHEREABOUTS_RESOLVER_TOKEN: 'short' },
      {},
      'WHEREABOUTS_RESOLVER_TOKEN',
    ],
  ];
  test.each(contradictions)('%s', (_name, env, file, named) => {
    expect(problemOf(env, file)).toContain(named);
  });
});

describe('the page', () => {
  test('docs/configuration.md equals the table of settings: npm run docs:configuration', () => {
    expect(readFileSync('docs/configuration.md', 'utf8')).toBe(formatSettings());
  });

  test('no setting switches the sandbox on: only `serve --sandbox` does', () => {
    const names = (Object.keys(SETTINGS) as Key[]).map(envName);
    expect(names.filter((name) => /SANDBOX/i.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });
});

test('a witness and an auditor need logs, and keys where they come from the environment', () => {
  const env = { WHEREABOUTS_DOMAIN: 'witness.example', WHEREABOUTS_ROLES: 'witness,auditor' };
  expect(problemOf(env)).toContain('WHEREABOUTS_LOGS');
  const keyed = problemOf({ ...env, WHEREABOUTS_LOGS: 'directory.example', WHEREABOUTS_SIGNING_KEY: 'x' });
  expect(keyed).toContain('WHEREABOUTS_WITNESS_KEY');
  expect(keyed).toContain('WHEREABOUTS_AUDITOR_KEY');
  const vkey = 'log.example/whereabouts+0+AA';
  expect(problemOf({ ...env, WHEREABOUTS_LOGS: vkey })).not.toContain(vkey);
  const { config } = read({ ...env, WHEREABOUTS_LOGS: 'directory.example, other.example' });
  expect(config.logs).toEqual([{ domain: 'directory.example' }, { domain: 'other.example' }]);
});
