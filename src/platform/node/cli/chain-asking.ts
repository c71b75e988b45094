// What every command about a chain needs: which chain, its key where it is to grow, a client, and a look at accounts of one's own.
import type { Client } from '../../../client/client.ts';
import { checkAccount } from '../../../evidence/check.ts';
import type { Verdict } from '../../../evidence/verdict.ts';
import { isImported } from '../../../protocol/account.ts';
import type { ChainAccount } from '../../../protocol/chain/state.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { chainFile, listChainFiles, readChainFile, type ChainFile } from '../chain-files.ts';
import { systemClock } from '../clock.ts';
import { openOutside, openSandboxOutside } from '../outside.ts';
import { createTxtResolver } from '../txt.ts';
import { isSandbox, readSetup, sandboxPort, type AskingOptions, type Setup } from './asking.ts';
import type { Terminal } from './program.ts';
import { openPersonal } from './register.ts';

export interface ChainOptions extends AskingOptions {
  readonly directory?: string;
  readonly chain?: string;
  readonly keyFile?: string;
  readonly json?: true;
}

/** Folder of the keys of chains. */
export const chainsFolder = ({ values, folders }: Setup): string => `${values.data ?? folders.data}/chains`;

/** The chain that is to grow: the one of the file that is named, the one that is named, or the only one there is. */
export async function openOwnChain(setup: Setup, options: ChainOptions): Promise<ChainFile> {
  if (options.keyFile !== undefined) return readChainFile(options.keyFile);
  const folder = chainsFolder(setup);
  const known = listChainFiles(folder);
  const chain = options.chain ?? (known.length === 1 ? known[0] : undefined);
  if (chain === undefined)
    throw new WhereaboutsError(
      'config-invalid',
      known.length === 0 ? 'no chain was begun from here: whereabouts chain start' : 'say which chain: --chain <id>',
    );
  return readChainFile(chainFile(folder, chain));
}

/** A client for a directory that is asked about chains. */
export async function openChainClient(
  terminal: Terminal,
  setup: Setup,
  options: ChainOptions,
  directory: string,
): Promise<Client> {
  const { client } = await openPersonal(terminal, setup, { ...options, directory }, directory);
  return client;
}

/** Looks at an account as the directory does (§9.3), from here: whoever runs its host sees that. Undefined for imports. */
export async function lookAt(
  terminal: Terminal,
  options: ChainOptions,
  directory: string,
  account: ChainAccount,
): Promise<Verdict | undefined> {
  if (isImported(account.service)) return undefined;
  const { values } = readSetup(terminal, options.config);
  const { fetch } = isSandbox(directory)
    ? openSandboxOutside(sandboxPort(options.port, terminal.env))
    : openOutside(values);
  const ctx = { fetch, resolveTxt: createTxtResolver(values.dns), clock: systemClock, checker: 'self' };
  const verdict = await checkAccount(account, ctx);
  // Nothing is remembered here that could be unchanged.
  return verdict === 'unchanged' ? undefined : verdict;
}
