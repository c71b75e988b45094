// Who asks, and with which rights: a client of the SDK for one command. In the sandbox anybody; elsewhere the domain of the
// policy, with the signing key of the keys file.
import { existsSync } from 'node:fs';
import { createClient, type Client } from '../../../client/client.ts';
import { parsePolicy, type Policy } from '../../../client/policy.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { nobleGroup } from '../../../protocol/group-noble.ts';
import { readValues, secretsOf, type Values } from '../../../server/config.ts';
import { lazyGroup, WORTH_LOADING } from '../../sodium.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { loadKeys } from '../keys-file.ts';
import { openOutside, openSandboxOutside } from '../outside.ts';
import { findFolders, readFileValues, readNamed, type Folders } from '../paths.ts';
import { openCheckpoints } from '../seen-folder.ts';
import { POLICY } from '../sandbox/world.ts';
import type { Terminal } from './program.ts';

/** Options every command that asks shares. */
export interface AskingOptions {
  readonly policy?: string;
  readonly keys?: string;
  readonly port?: string;
  readonly config?: string;
}

export interface Setup {
  readonly values: Values;
  readonly folders: Folders;
}

export interface Asking {
  readonly client: Client;
  readonly policy: Policy;
  readonly sandbox: boolean;
}

export const isSandbox = (domain: string): boolean => domain.endsWith('.localhost');

/** Settings as far as a client needs them: from the environment and the configuration file. */
export function readSetup(terminal: Terminal, config?: string): Setup {
  const folders = findFolders();
  const { values, problems } = readValues(terminal.env, readFileValues(terminal.env, folders, config));
  if (problems.length > 0) throw new WhereaboutsError('config-invalid', problems.join('; '));
  return { values, folders };
}

/** Port of the sandbox: --port, PORT, WHEREABOUTS_PORT, else 8080. */
export function sandboxPort(given: string | undefined, env: Terminal['env']): number {
  const text = given ?? (env['PORT'] || env['WHEREABOUTS_PORT'] || '8080');
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new WhereaboutsError('config-invalid', 'the port must be a number, 0 to 65535');
  return port;
}

/** Folder of what a person keeps of registrations made from here. */
export const registrationsFolder = ({ values, folders }: Setup): string =>
  `${values.data ?? folders.data}/registrations`;

/** Folder of what a client remembers of logs between two runs. */
export const seenFolder = ({ values, folders }: Setup): string => `${values.data ?? folders.data}/seen`;

/** The policy to ask under: the one named; the sandbox's own for a `.localhost` domain; the configured one. */
export function findPolicy(setup: Setup, options: AskingOptions, domain: string | undefined): Policy | undefined {
  if (options.policy !== undefined) return parsePolicy(readNamed(options.policy, 'the policy'));
  if (domain !== undefined && isSandbox(domain)) return { ...POLICY, domain };
  const file = setup.values.policy ?? setup.folders.policy;
  if (setup.values.policy === undefined && !existsSync(file)) return undefined;
  return parsePolicy(readNamed(file, 'the policy'));
}

/** A client for `policy`, its descriptions at hand. `anonymous` for persons, who have no domain of their own. */
export async function openClient(
  terminal: Terminal,
  setup: Setup,
  options: AskingOptions & { readonly anonymous?: boolean },
  policy: Policy,
): Promise<Asking> {
  const sandbox = isSandbox(policy.domain);
  const { values, folders } = setup;
  const { transport } = sandbox ? openSandboxOutside(sandboxPort(options.port, terminal.env)) : openOutside(values);
  const world = { clock: systemClock, random: systemRandom, group: lazyGroup(() => undefined, WORTH_LOADING) };
  // A sandbox begins a new log whenever its data folder is a new one: remembered, that would be a fork.
  const seen = sandbox ? {} : { checkpoints: openCheckpoints(seenFolder(setup)) };
  const parts = { transport, ...world, sandbox, policy, ...seen };
  if (sandbox || options.anonymous === true) return { client: createClient(parts), policy, sandbox };
  const file = options.keys ?? values.keys ?? (values.signingKey === undefined ? folders.keys : undefined);
  const keys = await loadKeys(nobleGroup, file, secretsOf(values));
  const client = createClient({ ...parts, credentials: { domain: policy.domain, key: keys.signing } });
  return { client, policy, sandbox };
}
