// What a witness and an auditor are made of (§6.7): their signers, the logs they know, the auditors behind a memory. For
// production and sandbox alike; where an auditor keeps its replay is the caller's.
import { Auditor, type AuditStore } from '../client/auditor.ts';
import type { KeptDescriptions } from '../client/descriptions.ts';
import { createLogReader } from '../client/log-reader.ts';
import type { SafeFetch } from '../evidence/safe-fetch.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { NoteSigner } from '../protocol/log/note.ts';
import { createVkey, formatVkey, KEY_TYPES } from '../protocol/log/vkey.ts';
import type { Clock } from './context.ts';
import type { Keys } from './keys.ts';
import { PREFIX, type WitnessContext, type WitnessMemory } from './witness/add-checkpoint.ts';
import { createKeyFinder, type LogChoice } from './witness/logs.ts';

export type CosigningRole = WitnessContext['role'];

/** What a domain cosigns with in a role: its key is called `<domain>/<role>`. Undefined where the keys hold none. */
export function findCosigner(keys: Keys, domain: string, role: CosigningRole): NoteSigner | undefined {
  const own = keys[role];
  if (own === undefined) return undefined;
  return { key: createVkey(`${domain}/${role}`, KEY_TYPES.cosignature, own.publicKey), privateKey: own.privateKey };
}

/** The same, for who plays the role; throws `config-invalid` where there is none. */
export function cosignerOf(keys: Keys, domain: string, role: CosigningRole): NoteSigner {
  const signer = findCosigner(keys, domain, role);
  if (signer === undefined)
    throw new WhereaboutsError('config-invalid', `the keys file is older than the role ${role}: make one for it`);
  return signer;
}

/** The `witness` member of a description. */
export const describeCosigner = (url: string, role: CosigningRole, signer: NoteSigner) => ({
  url: `${url}${PREFIX[role]}`,
  key: formatVkey(signer.key),
});

export interface AuditParts {
  readonly logs: readonly LogChoice[];
  readonly descriptions: Pick<KeptDescriptions, 'fetch'>;
  readonly fetch: SafeFetch;
  readonly clock: Clock;
}

/** The domain of a directory by the origin of its log (§6.3); undefined for a log of another kind. */
export function directoryOf(origin: string): string | undefined {
  const [domain, ...rest] = origin.split('/');
  return domain !== '' && rest.join('/') === 'whereabouts' ? domain : undefined;
}

/** An auditor of the log of `origin`, which must be a directory's. */
export function createAuditor(
  { logs, descriptions, fetch, clock }: AuditParts,
  origin: string,
  store: AuditStore,
  onProgress?: (epochs: number, of: number) => void,
): Auditor {
  const findKeys = createKeyFinder(logs, descriptions);
  const domain = directoryOf(origin);
  if (domain === undefined) throw new WhereaboutsError('config-invalid', 'only logs of directories can be audited');
  const api = async (): Promise<string> => {
    const { directory } = await descriptions.fetch(domain);
    if (directory === undefined) throw new WhereaboutsError('provider-unknown', 'the domain is no directory');
    return directory.api;
  };
  const policy = async () => {
    const [log] = (await findKeys(origin)) ?? [];
    if (log === undefined) throw new WhereaboutsError('vkey-invalid', 'the directory names no key of its log');
    return { origin, log, witnesses: [], quorum: 0 };
  };
  return new Auditor({ reader: createLogReader({ fetch, clock }, api), policy, store, clock, onProgress });
}

/** Origins of what an operator chose. */
export const originsOf = (logs: readonly LogChoice[]): string[] => [
  ...new Set(logs.map((log) => ('key' in log ? log.key.name : `${log.domain}/whereabouts`))),
];

/** A memory that vouches for nothing but what its auditors replayed. */
export function createAuditorMemory(auditors: ReadonlyMap<string, Auditor>): WitnessMemory {
  const auditorOf = (origin: string): Auditor => {
    const auditor = auditors.get(origin);
    if (auditor === undefined) throw new WhereaboutsError('internal-error', 'a log without an auditor');
    return auditor;
  };
  return {
    find: (origin) => auditorOf(origin).find(),
    replace: (origin, before, after) => auditorOf(origin).vouch(after.note, before),
    // It was kept when the auditor met it.
    accuse: async (origin, _known, fork) => auditorOf(origin).accuse(fork),
  };
}
