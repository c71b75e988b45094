// Everything an operator may set, in one table: docs/configuration.md, --help and readConfig are made from it.
// Does not read anything: config.ts does, from an environment and a file's values given to it.
import {
  DOMAINS,
  FILE,
  MOMENT,
  PORT,
  RANGES,
  collectorUrl,
  count,
  domain,
  list,
  moment,
  oneOf,
  origin,
  port,
  quotaOf,
  range,
  setting,
  text,
  watched,
  webUrl,
  witness,
  type Setting,
} from './setting-forms.ts';
import { EVIDENCE_SETTINGS } from './evidence-settings.ts';
import { LOOKUP_SETTINGS } from './lookup-settings.ts';
import { PUBLICATION_SETTINGS } from './publication-settings.ts';

export const SETTINGS = {
  roles: setting({
    schema: list(oneOf('directory', 'issuer', 'resolver', 'witness', 'auditor')),
    form: 'directory, issuer, resolver, witness, auditor, or several with commas between them',
    fallback: 'directory',
    doc: 'What this process does.',
  }),
  domain: setting({
    schema: domain,
    form: 'a domain like directory.example',
    doc: 'The domain this deployment speaks for; its description is served under `/.well-known/whereabouts`.',
  }),
  url: setting({
    schema: webUrl,
    form: 'an https address without query',
    shown: '`https://` and the domain',
    doc: 'Where the directory and the issuer are reached from outside.',
  }),
  host: setting({ schema: text, form: 'an address', fallback: '127.0.0.1', doc: 'Address the public listener binds.' }),
  port: setting({ schema: port, form: PORT, fallback: '8080', doc: 'Port of the public listener.' }),
  drainSeconds: setting({
    schema: count,
    form: 'a number of seconds',
    fallback: '2',
    doc: 'How long everything goes on answering after SIGTERM, `/readyz` refusing: time for a load balancer to notice.',
  }),
  tlsCert: setting({ schema: text, form: FILE, doc: 'PEM file of the certificate chain; without it, plain HTTP.' }),
  tlsKey: setting({ schema: text, form: FILE, doc: 'PEM file of the private key that belongs to it.' }),
  data: setting({
    schema: text,
    form: FILE,
    shown: "the platform's data folder",
    doc: 'Folder of the embedded database, unused with DATABASE_URL, and of what an auditor has replayed.',
  }),
  databaseUrl: setting({
    schema: text.regex(/^postgres(?:ql)?:\/\//),
    form: 'a postgres:// address',
    secret: true,
    env: 'DATABASE_URL',
    shown: 'embedded database',
    doc: 'PostgreSQL to use. The embedded database is for trying out and for small deployments.',
  }),
  keys: setting({
    schema: text,
    form: FILE,
    shown: "keys.json in the platform's configuration folder",
    doc: 'Keys file made by `whereabouts init`; readable by its owner only.',
  }),
  oprfKey: setting({ schema: text, form: 'a key', secret: true, doc: 'OPRF key, b64u, instead of the keys file.' }),
  oldOprfKey: setting({
    schema: text,
    form: 'a key',
    secret: true,
    doc: 'OPRF key that is being retired, b64u, instead of the keys file. Take it away once its end has passed.',
  }),
  oldOprfKeyUntil: setting({
    schema: moment,
    form: MOMENT,
    doc: 'End of that key, as it stands in `/v1/config` or as it is to be announced. It may be moved later.',
  }),
  abandonedKey: setting({
    schema: text.regex(/^[0-9a-f]{16}$/),
    form: 'a key id, 16 hexadecimal digits',
    doc: 'Id of an OPRF key that is lost or stolen and not among the keys any more: its records leave at once, without an announced end.',
  }),
  signingKey: setting({
    schema: text,
    form: 'a key',
    secret: true,
    doc: 'Ed25519 signing key, private JWK, instead of the keys file.',
  }),
  logKey: setting({
    schema: text,
    form: 'a key',
    secret: true,
    doc: 'Ed25519 log key, private JWK, instead of the keys file.',
  }),
  witnessKey: setting({
    schema: text,
    form: 'a key',
    secret: true,
    doc: 'Ed25519 key of the role witness, private JWK, instead of the keys file.',
  }),
  auditorKey: setting({
    schema: text,
    form: 'a key',
    secret: true,
    doc: 'Ed25519 key of the role auditor, private JWK, instead of the keys file.',
  }),
  name: setting({ schema: text.max(200), form: 'a name', shown: 'the domain', doc: 'Name shown to people.' }),
  logo: setting({ schema: webUrl, form: 'an https address', doc: 'Logo shown to people.' }),
  contact: setting({
    schema: text.regex(/^(?:mailto|https):/),
    form: 'a mailto: or https: address',
    doc: 'Where to reach the operator.',
  }),
  description: setting({
    schema: text,
    form: FILE,
    doc: 'JSON file whose members are merged into the served description, such as `provider` with its bridges.',
  }),
  issuers: setting({
    schema: oneOf('open', 'listed'),
    form: 'open or listed',
    fallback: 'open',
    doc: 'Whose attestations the directory takes: any domain with a description, or those listed.',
  }),
  listed: setting({
    schema: list(domain),
    form: DOMAINS,
    fallback: '',
    doc: 'Issuers and gatekeepers the directory knows: full quotas.',
  }),
  epochInterval: setting({
    schema: count,
    form: 'a whole number of milliseconds',
    fallback: '1000',
    doc: 'Least time between two epochs of the log, in milliseconds: deposits wait for theirs.',
  }),
  epochHeartbeat: setting({
    schema: count,
    form: 'a whole number of seconds',
    fallback: '600',
    doc: 'Longest time without an epoch, in seconds. Clients refuse answers whose epoch is older than 15 minutes.',
  }),
  witnesses: setting({
    schema: list(witness),
    form: '<verifier key>@<https address>, with commas between them',
    fallback: '',
    doc: 'Witnesses that are asked to cosign every checkpoint.',
  }),
  logs: setting({
    schema: list(watched),
    form: 'domains of directories or verifier keys of logs, with commas between them',
    fallback: '',
    doc: 'Logs the roles witness and auditor look after: by a verifier key, whose name is the origin, or by the directory’s domain, whose description then names the key.',
  }),
  checkpoint: setting({
    schema: text,
    form: FILE,
    doc: 'Where the newest published checkpoint is kept apart from the database, as `<file>.<size of the log>`; instances may share it. At start the directory refuses to sign when the database is older, or when this cannot be read.',
  }),
  ...PUBLICATION_SETTINGS,
  ...EVIDENCE_SETTINGS,
  quotaEndUser: quotaOf('1000 refill 60 per day', 'Evaluations per end user of a gatekeeper (`sub`).'),
  quotaGatekeeper: quotaOf('100000 refill 100000 per day', 'Evaluations per listed gatekeeper.'),
  quotaUnlisted: quotaOf('1000 refill 1000 per day', 'Evaluations per registrable domain that is not listed.'),
  quotaAnonymous: quotaOf('0', 'Evaluations without credentials, per client address.'),
  quotaChanges: quotaOf('5 refill 5 per day', 'Changes per name and issuer.'),
  quotaWrites: quotaOf('60 refill 60 per minute', 'Deposits per issuer.'),
  quotaWritesListed: quotaOf('6000 refill 6000 per minute', 'Deposits per listed issuer.'),
  quotaFetches: quotaOf(
    '300 refill 300 per minute',
    'First fetches of descriptions of domains the directory has no copy of, for everybody together.',
  ),
  quotaFetchesPerAddress: quotaOf('30 refill 30 per minute', 'The same per client address.'),
  quotaChains: quotaOf('20 refill 20 per day', 'New identity chains per client address.'),
  quotaLinks: quotaOf('50 refill 50 per day', 'Links per identity chain.'),
  quotaLinksPerAddress: quotaOf('200 refill 200 per day', 'Links per client address.'),
  quotaAttestations: quotaOf('20 refill 20 per day', 'Attestations one account may ask an issuer for.'),
  quotaRecords: setting({
    schema: count,
    form: 'a whole number',
    fallback: '1000',
    doc: 'Live records of one registrable domain that is not listed.',
  }),
  trustedProxies: setting({
    schema: list(range),
    form: RANGES,
    fallback: '',
    doc: 'Proxies whose X-Forwarded-For is believed.',
  }),
  allowAddresses: setting({
    schema: list(range),
    form: RANGES,
    fallback: '',
    doc: 'Addresses that are not public but may be fetched from: for private networks and tests. Warned about at start.',
  }),
  dns: setting({
    schema: text.regex(/^[\w.:[\]-]+:\d{1,5}$/),
    form: 'host:port',
    shown: "the system's",
    doc: 'DNS server to ask for the names of others.',
  }),
  resolverHost: setting({
    schema: text,
    form: 'an address',
    fallback: '127.0.0.1',
    doc: 'Address the resolver binds.',
  }),
  resolverPort: setting({ schema: port, form: PORT, fallback: '8081', doc: 'Port of the resolver.' }),
  resolverToken: setting({
    schema: text.min(16),
    form: 'at least 16 characters',
    secret: true,
    doc: 'Bearer token the resolver asks for. Required for that role, here or as a file.',
  }),
  resolverTokenFile: setting({
    schema: text,
    form: FILE,
    doc: 'File that holds that token, as `whereabouts init` makes it.',
  }),
  resolverOrigins: setting({
    schema: list(origin),
    form: 'web origins, with commas between them',
    fallback: '',
    doc: 'Web pages that may ask the resolver (CORS).',
  }),
  resolverHosts: setting({
    schema: list(text),
    form: 'host names, with commas between them',
    fallback: 'localhost,127.0.0.1,[::1]',
    doc: '`Host` values the resolver answers to, without port.',
  }),
  ...LOOKUP_SETTINGS,
  policy: setting({
    schema: text,
    form: FILE,
    shown: "policy.json in the platform's configuration folder",
    doc: 'Policy of the resolver and of `whereabouts where`: directories, trusted issuers, alternatives.',
  }),
  issuerAccounts: setting({
    schema: text,
    form: 'a path of a module',
    doc: 'Module exporting `accounts`: how this provider recognises its users and what they own.',
  }),
  issuerDirectories: setting({
    schema: list(domain),
    form: DOMAINS,
    fallback: '',
    doc: 'Directories this issuer attests for.',
  }),
  issuerAmr: setting({
    schema: list(text.regex(/^[a-z0-9_-]{1,32}$/)),
    form: 'method names of RFC 8176, or account, with commas between them',
    fallback: 'account',
    doc: 'How this issuer knows that an identifier is its user’s.',
  }),
  metricsPort: setting({
    schema: port,
    form: PORT,
    doc: 'Port of `GET /metrics`, for Prometheus. Without it nothing is counted.',
  }),
  metricsHost: setting({
    schema: text,
    form: 'an address',
    fallback: '127.0.0.1',
    doc: 'Address it binds: a listener of its own, because who sees the numbers sees how busy everybody keeps the directory.',
  }),
  traces: setting({
    schema: collectorUrl,
    form: 'an http or https address',
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    doc: 'Collector that is sent traces (OTLP over HTTP). Without it nothing is traced. Other variables of OpenTelemetry, such as OTEL_TRACES_SAMPLER, are read from the environment alone.',
  }),
  logLevel: setting({
    schema: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    form: 'debug, info, warn, error or silent',
    fallback: 'info',
    doc: 'Least important log line that is written.',
  }),
} as const;

export type Key = keyof typeof SETTINGS;

/** The environment variable of a setting. */
export function envName(key: Key): string {
  const { env }: Setting<unknown> = SETTINGS[key];
  return env ?? `WHEREABOUTS_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
