// The configuration, read once and purely: an environment and a file's values in, {config, secrets} or one error out that
// names everything missing or contradictory. Does not open files: the doors do that with the paths it gives.
import type { z } from 'zod';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Quota, Quotas } from './context.ts';
import { NONE, quotasOf } from './quota-settings.ts';
import type { LogChoice } from './witness/logs.ts';
import { findContradictions } from './config-rules.ts';
import { evidenceOf, type EvidenceConfig, type EvidenceSecrets } from './evidence-settings.ts';
import { publicationOf, type PublicationConfig } from './publication-settings.ts';
import type { Setting } from './setting-forms.ts';
import { envName, SETTINGS, type Key } from './settings.ts';

export type Role = 'directory' | 'issuer' | 'resolver' | 'witness' | 'auditor';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LookupConfig {
  readonly on: ReadonlySet<string>;
  readonly homeservers: ReadonlySet<string>;
  readonly perUser: Quota;
  readonly perAddress: Quota;
}

export interface Config {
  readonly roles: ReadonlySet<Role>;
  readonly domain: string;
  /** Public base URL, no slash at the end. */
  readonly url: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Milliseconds of answering on after a signal. */
  readonly drain: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly data: string;
  /** Path of the keys file; undefined when the keys come from the environment. */
  readonly keys: string | undefined;
  readonly profile: {
    readonly name: string;
    readonly logo: string | undefined;
    readonly contact: string | undefined;
    readonly description: string | undefined;
  };
  readonly directory: {
    readonly issuers: 'open' | 'listed';
    readonly listed: ReadonlySet<string>;
    readonly quotas: Quotas;
    /** Id of an OPRF key that is lost or stolen. */
    readonly abandonedKey: string | undefined;
    readonly publication: PublicationConfig;
    readonly evidence: EvidenceConfig;
    /** How the log is kept (§6.3); times in milliseconds. */
    readonly log: {
      readonly interval: number;
      readonly heartbeat: number;
      readonly witnesses: readonly { readonly vkey: string; readonly url: string }[];
      /** Path of the checkpoint's copy. */
      readonly checkpoint: string | undefined;
    };
  };
  /** Logs a witness or an auditor looks after. */
  readonly logs: readonly LogChoice[];
  readonly issuer: {
    readonly accounts: string | undefined;
    readonly directories: readonly string[];
    readonly amr: readonly string[];
    /** Attestations one account may ask for. */
    readonly attestations: Quota;
  };
  readonly resolver: {
    readonly host: string;
    readonly port: number;
    readonly tokenFile: string | undefined;
    readonly origins: readonly string[];
    readonly hosts: readonly string[];
    /** Look-ups of other standards that are served as well. */
    readonly lookups: LookupConfig;
  };
  readonly policy: string;
  readonly network: {
    readonly trustedProxies: readonly string[];
    readonly allowAddresses: readonly string[];
    readonly dns: string | undefined;
  };
  /** Where metrics are served, if they are. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  /** Address of a collector of traces. */
  readonly traces: string | undefined;
  readonly logLevel: LogLevel;
}

/** What must never reach a log line, an error or the database. */
export interface Secrets {
  readonly databaseUrl: string | undefined;
  readonly oprfKey: string | undefined;
  readonly oldOprfKey: string | undefined;
  /** Seconds since 1970. No secret, but of no use without the key. */
  readonly oldOprfKeyUntil: number | undefined;
  readonly signingKey: string | undefined;
  readonly logKey: string | undefined;
  readonly witnessKey: string | undefined;
  readonly auditorKey: string | undefined;
  readonly resolverToken: string | undefined;
  readonly matrixHsToken: string | undefined;
  readonly publicationSecretKey: string | undefined;
  readonly evidence: EvidenceSecrets;
}

/** Where this platform keeps things. */
export interface Places {
  readonly data: string;
  readonly keys: string;
  readonly policy: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;
export type FileValues = Readonly<Record<string, unknown>>;
export type Values = { readonly [K in Key]: z.output<(typeof SETTINGS)[K]['schema']> | undefined };

const isKey = (text: string): text is Key => Object.hasOwn(SETTINGS, text);

/** Settings for the command line and for tests' own use of the environment; known, but no part of a deployment's configuration. */
const OTHERS = new Set(['WHEREABOUTS_CONFIG', 'WHEREABOUTS_RESTARTED', 'WHEREABOUTS_VECTORS']);

/** Every setting on its own: what the environment says, else the file, else the default. Problems are gathered, not thrown. */
export function readValues(env: Environment, file: FileValues): { values: Values; problems: string[] } {
  const problems = Object.keys(file)
    .filter((key) => !isKey(key))
    .map((key) => `${key}: no such setting`);
  const values = Object.fromEntries(
    Object.keys(SETTINGS)
      .filter(isKey)
      .map((key) => [key, readValue(key, env, file, problems)]),
  ) as Values;
  return { values, problems };
}

function readValue(key: Key, env: Environment, file: FileValues, problems: string[]): unknown {
  const { schema, form, fallback, secret }: Setting<unknown> = SETTINGS[key];
  const fromEnv = env[envName(key)];
  if (secret === true && file[key] !== undefined) {
    problems.push(`${key}: secrets stand in the environment (${envName(key)}), not in the configuration file`);
    return undefined;
  }
  // An empty variable is how many tools spell "not set".
  const given = fromEnv === undefined || fromEnv === '' ? textOf(file[key]) : fromEnv.trim();
  const value = given ?? fallback;
  if (value === undefined) return undefined;
  const result = schema.safeParse(value === UNREADABLE ? undefined : value);
  if (result.success) return result.data;
  problems.push(`${fromEnv === undefined ? key : envName(key)}: must be ${form}`);
  return undefined;
}

const UNREADABLE = Symbol('an object, or null');
const isPlain = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

/** In the file, numbers, booleans and lists may stand as such; anything else is of no form a setting has. */
function textOf(value: unknown): string | typeof UNREADABLE | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.every(isPlain) ? value.join(',') : UNREADABLE;
  return isPlain(value) ? String(value) : UNREADABLE;
}

/** Variables that look like ours and are not: most often a typing mistake. */
function findStrangers(env: Environment): string[] {
  const known = new Set<string>(Object.keys(SETTINGS).filter(isKey).map(envName));
  return Object.keys(env)
    .filter((name) => name.startsWith('WHEREABOUTS_') && !known.has(name) && !OTHERS.has(name))
    .map((name) => `${name} is no setting and is ignored`);
}

/** Reads everything; throws one `config-invalid` that lists every problem, one a line. Values are never repeated. */
export function readConfig(
  env: Environment,
  file: FileValues,
  places: Places,
): { config: Config; secrets: Secrets; warnings: string[] } {
  const { values, problems } = readValues(env, file);
  problems.push(...findContradictions(values));
  if (problems.length > 0)
    throw new WhereaboutsError('config-invalid', ['the configuration cannot be used:', ...problems].join('\n  '));
  const config = configOf(values, places);
  const warnings = findStrangers(env);
  if (config.network.allowAddresses.length > 0)
    warnings.push(
      `${envName('allowAddresses')}: addresses that are not public may be fetched from, on behalf of anybody who deposits`,
    );
  if (secretsOf(values).databaseUrl === undefined && serves(config))
    warnings.push(`${envName('databaseUrl')}: the embedded database survives a crash, but not a power cut`);
  if (config.tls === undefined && !isLoopback(config.listen.host) && serves(config))
    warnings.push(`${envName('host')}: plain HTTP on an address others reach; put a proxy with TLS in front`);
  if (config.metrics !== undefined && !isLoopback(config.metrics.host))
    warnings.push(
      `${envName('metricsHost')}: whoever reaches this address sees how busy the directory is, and with what`,
    );
  return { config, secrets: secretsOf(values), warnings };
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
const serves = (config: Config): boolean => [...config.roles].some((role) => role !== 'resolver');

/** Only for values without contradictions: what has a default or was required is there. */
function configOf(values: Values, places: Places): Config {
  const domain = values.domain ?? '';
  const { tlsCert, tlsKey } = values;
  return {
    roles: new Set(values.roles),
    domain,
    url: values.url ?? `https://${domain}`,
    listen: { host: values.host ?? '', port: values.port ?? 0 },
    drain: (values.drainSeconds ?? 0) * 1_000,
    tls: tlsCert !== undefined && tlsKey !== undefined ? { cert: tlsCert, key: tlsKey } : undefined,
    data: values.data ?? places.data,
    keys: values.signingKey === undefined ? (values.keys ?? places.keys) : undefined,
    profile: {
      name: values.name ?? domain,
      logo: values.logo,
      contact: values.contact,
      description: values.description,
    },
    directory: {
      issuers: values.issuers ?? 'open',
      listed: new Set(values.listed),
      quotas: quotasOf(values),
      abandonedKey: values.abandonedKey,
      publication: publicationOf(values),
      evidence: evidenceOf(values),
      log: {
        interval: values.epochInterval ?? 0,
        heartbeat: 1000 * (values.epochHeartbeat ?? 0),
        witnesses: values.witnesses ?? [],
        checkpoint: values.checkpoint,
      },
    },
    logs: values.logs ?? [],
    issuer: {
      accounts: values.issuerAccounts,
      directories: values.issuerDirectories ?? [],
      amr: values.issuerAmr ?? [],
      attestations: values.quotaAttestations ?? NONE,
    },
    resolver: {
      host: values.resolverHost ?? '',
      port: values.resolverPort ?? 0,
      tokenFile: values.resolverTokenFile,
      origins: values.resolverOrigins ?? [],
      hosts: values.resolverHosts ?? [],
      lookups: {
        on: new Set(values.lookups),
        homeservers: new Set(values.matrixHomeservers),
        perUser: values.quotaLookupsPerUser ?? NONE,
        perAddress: values.quotaLookupsPerAddress ?? NONE,
      },
    },
    policy: values.policy ?? places.policy,
    network: {
      trustedProxies: values.trustedProxies ?? [],
      allowAddresses: values.allowAddresses ?? [],
      dns: values.dns,
    },
    metrics:
      values.metricsPort === undefined ? undefined : { host: values.metricsHost ?? '', port: values.metricsPort },
    traces: values.traces,
    logLevel: values.logLevel ?? 'info',
  };
}

/** The secrets among the settings. */
export function secretsOf(values: Values): Secrets {
  const { databaseUrl, oprfKey, oldOprfKey, oldOprfKeyUntil, signingKey, logKey, witnessKey, auditorKey } = values;
  const { resolverToken, matrixHsToken, publicationSecretKey } = values;
  const { githubToken: github, gitlabToken: gitlab, matrixReaderToken: matrixReader } = values;
  const keys = { oprfKey, oldOprfKey, oldOprfKeyUntil, signingKey, logKey, witnessKey, auditorKey };
  const evidence = { github, gitlab, matrixReader };
  return { databaseUrl, ...keys, resolverToken, matrixHsToken, publicationSecretKey, evidence };
}
