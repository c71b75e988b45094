// What each role of a production deployment is made of: a Config, its Keys and the open world in; contexts, descriptions out.
import type { Auditor, AuditStore } from '../client/auditor.ts';
import { createDescriptions } from '../client/descriptions.ts';
import type { SafeFetch } from '../evidence/safe-fetch.ts';
import type { GroupSource } from '../protocol/group.ts';
import type { Json } from '../protocol/json.ts';
import { formatNoteKey } from '../protocol/note-key.ts';
import type { Config } from './config.ts';
import type { Clock, Context, DirectoryContext, Evaluating, IssuerContext, ShownCheckpoint } from './context.ts';
import { DepositGroup } from './directory/deposit-group.ts';
import type { Memory } from './directory/sequencer/flight.ts';
import { logParts, witnessPeer } from './log-parts.ts';
import { countOutcome, type Metrics } from './metrics.ts';
import { formatOwnDescription, signOwnDescription, type OwnText } from './own-description.ts';
import { cosignerOf, createAuditorMemory, describeCosigner, originsOf, createAuditor } from './witness-parts.ts';
import type { Database } from './store/database.ts';
import { createDescriptionStore } from './store/descriptions.ts';
import { createWitnessMemory } from './store/witness.ts';
import type { WitnessContext } from './witness/add-checkpoint.ts';
import { createKeyFinder } from './witness/logs.ts';
import type { Keys } from './keys.ts';

/** What contexts are made from. */
export interface Parts {
  readonly config: Config;
  readonly keys: Keys;
  readonly database: Database;
  readonly fetch: SafeFetch;
  readonly world: Context;
  readonly group: GroupSource;
  /** What the operator adds to the served description. */
  readonly extra: Readonly<Record<string, Json>>;
  /** The checkpoint's copy outside the database. */
  readonly shown?: ShownCheckpoint | undefined;
  /** What is known of the log from before, where contexts come and go. */
  readonly memory?: Memory | undefined;
}

export function directoryContext(parts: Parts & { readonly evaluating: Evaluating }): DirectoryContext {
  const { evaluating, config, keys, database, fetch, world, extra, shown, memory } = parts;
  const { issuers, listed, quotas, log } = config.directory;
  const peers = log.witnesses.map(({ vkey, url }) => witnessPeer(fetch, vkey, url));
  return {
    ...world,
    ...logParts({ ...log, domain: config.domain, keys, world, peers, shown, memory }),
    role: 'directory',
    domain: config.domain,
    url: config.url,
    db: database.db,
    evaluating,
    deposits: new DepositGroup(),
    oprfKeys: keys.oprf,
    signingKey: keys.signing,
    abandoned: config.directory.abandonedKey,
    pepper: keys.pepper,
    issuers,
    listed,
    quotas,
    descriptions: descriptionsOf(parts),
    fetch,
    description: describeSelf(config, keys, extra, world.clock),
  };
}

export function issuerContext(parts: Parts): IssuerContext {
  const { config, keys, database, fetch, world, group, extra } = parts;
  return {
    ...world,
    role: 'issuer',
    domain: config.domain,
    url: config.url,
    db: database.db,
    group,
    signingKey: keys.signing,
    pepper: keys.pepper,
    amr: config.issuer.amr,
    directories: new Set(config.issuer.directories),
    descriptions: descriptionsOf(parts),
    fetch,
    attestationsPerAccount: config.issuer.attestations,
    description: describeSelf(config, keys, extra, world.clock),
  };
}

/** Witness of the logs the operator chose: what it cosigned is in the database. */
export function witnessContext(parts: Parts): WitnessContext {
  const { config, keys, database, world, extra } = parts;
  const signer = cosignerOf(keys, config.domain, 'witness');
  return {
    ...world,
    role: 'witness',
    signer,
    findKeys: createKeyFinder(config.logs, descriptionsOf(parts)),
    memory: createWitnessMemory(database.db, signer.key.name),
    description: describeSelf(config, keys, extra, world.clock),
  };
}

/** Auditor of the logs the operator chose; `open` gives each the place it keeps its replay in. */
export async function auditorContext(
  parts: Omit<Parts, 'database'>,
  open: (origin: string) => Promise<AuditStore>,
): Promise<WitnessContext & { readonly auditors: ReadonlyMap<string, Auditor> }> {
  const { config, keys, fetch, world, extra } = parts;
  const { logs } = config;
  const descriptions = createDescriptions({ fetch, clock: world.clock, sandbox: false });
  const auditParts = { logs, descriptions, fetch, clock: world.clock };
  const auditors = new Map<string, Auditor>();
  for (const origin of originsOf(logs)) auditors.set(origin, createAuditor(auditParts, origin, await open(origin)));
  return {
    ...world,
    role: 'auditor',
    signer: cosignerOf(keys, config.domain, 'auditor'),
    findKeys: createKeyFinder(logs, descriptions),
    memory: createAuditorMemory(auditors),
    auditors,
    description: describeSelf(config, keys, extra, world.clock),
  };
}

const descriptionsOf = ({ database, fetch, world }: Parts) =>
  createDescriptions({
    fetch: countFetches(fetch, world.metrics),
    clock: world.clock,
    sandbox: false,
    store: createDescriptionStore(database.db),
  });

/** By the class of their status: a number would be the other side's to choose. */
const countFetches =
  (ask: SafeFetch, metrics: Metrics): SafeFetch =>
  (url, options) =>
    countOutcome(
      metrics,
      'description_fetches_total',
      ask(url, options),
      ({ status }) => `${Math.floor(status / 100)}xx`,
    );

/** The one description of the domain, whatever roles it plays. */
function describeSelf(config: Config, keys: Keys, extra: Parts['extra'], clock: Clock): OwnText {
  const { domain, url, profile, roles, directory, issuer } = config;
  const { endUser, gatekeeper, unlisted } = directory.quotas;
  const text = formatOwnDescription({
    domain,
    name: profile.name,
    logo: profile.logo,
    contact: profile.contact,
    jwks: keys.jwks,
    ...(roles.has('directory')
      ? {
          directory: {
            api: url,
            publication: directory.publication.url,
            log: formatNoteKey(`${domain}/whereabouts`, keys.log),
            witnesses: directory.log.witnesses.map(({ vkey }) => vkey),
            issuers: directory.issuers === 'open' ? 'open' : [...directory.listed],
            limits: { endUser, gatekeeper, unlisted },
          },
        }
      : {}),
    ...(roles.has('issuer') ? { issuer: { url, amr: issuer.amr } } : {}),
    ...describeWitness(config, keys),
    extra,
    sandbox: false,
  });
  return signOwnDescription(text, keys.signing, clock);
}

/** §8 has room for one: a domain that plays both roles shows its witness, and its auditor by `whereabouts keys`. */
function describeWitness({ roles, domain, url }: Config, keys: Keys) {
  const role = (['witness', 'auditor'] as const).find((candidate) => roles.has(candidate));
  return role === undefined ? {} : { witness: describeCosigner(url, role, cosignerOf(keys, domain, role)) };
}
