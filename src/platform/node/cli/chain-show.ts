// `whereabouts chain show`: a chain, fetched with its proof and replayed here, with what was seen of its accounts: by the directory, or,
// with --check, by this program itself.
import { Command } from 'commander';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { chainsFolder, lookAt, openChainClient, openOwnChain, type ChainOptions } from './chain-asking.ts';
import { listChainFiles } from '../chain-files.ts';
import { readSealed } from './chain-index.ts';
import { formatAccount, formatChain, seenByDirectory, seenBySelf, type Seen } from './chain-text.ts';
import { readSetup } from './asking.ts';
import { EXIT, type Exit } from './exit.ts';
import type { Terminal } from './program.ts';
import { parseChainId } from './register.ts';

interface ShowOptions extends ChainOptions {
  readonly check?: true;
  readonly knows?: string;
  readonly from?: string;
  readonly region?: string;
}

const EXAMPLES = `
Examples:
  $ whereabouts chain show                                                      your own, begun from here
  $ whereabouts chain show <id> --directory directory.example
  $ whereabouts chain show <id> --directory directory.example --check         look at the accounts yourself
  $ whereabouts chain show <id> --directory directory.example --knows bob@example.org    also what he sealed for who knows it

The directory sees which chain you look at; with --check every service does, and who runs its host may be the account's owner.
Exit codes: 0 it holds, 1 there is none, 3 unreachable, or with --check an account is, 4 it does not hold, or with
--check an account does not.`;

export function chainShowCommand(terminal: Terminal): Command {
  return new Command('show')
    .summary('show an identity chain, checked')
    .description('Fetches an identity chain with its proof, replays it, and shows its keys and accounts.')
    .argument('[id]', 'the chain’s id (default: your own)')
    .option('--directory <domain>', 'directory that has it (default: that of your own chain)')
    .option('--check', 'look at every account yourself instead of taking the directory’s word')
    .option('--knows <id>', 'phone number or e-mail address: open what the index has sealed for who knows it')
    .option('--from <domain>', 'with --knows: whose user asks (default: the domain of the policy)')
    .option('--region <region>', 'region of a national phone number, such as GB')
    .option('--json', 'print JSON')
    .option('--policy <file>', 'policy that pins the directory’s log')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (id: string | undefined, options: ShowOptions) => {
      await show(terminal, id, options);
    });
}

async function show(terminal: Terminal, given: string | undefined, options: ShowOptions): Promise<void> {
  const setup = readSetup(terminal, options.config);
  const named = given === undefined ? undefined : parseChainId(given);
  const isOwn = named === undefined || listChainFiles(chainsFolder(setup)).includes(named);
  const own = isOwn
    ? await openOwnChain(setup, named === undefined ? options : { ...options, chain: named })
    : undefined;
  const directory = options.directory ?? own?.directory;
  const id = named ?? own?.chain;
  if (directory === undefined || id === undefined)
    throw new WhereaboutsError('config-invalid', 'say which directory has it: --directory');
  const client = await openChainClient(terminal, setup, options, directory);
  const found = await client.findChain(directory, id);
  if (found === undefined) {
    terminal.note('whereabouts: the directory has proven that it has no such chain [chain-unknown]');
    return terminal.leave(EXIT.absent);
  }
  const { accounts, index } = found.state;
  const opened =
    options.knows === undefined
      ? []
      : await readSealed(terminal, setup, options, { directory, state: found.state, identifier: options.knows });
  const verdicts = options.check === true || accounts.length === 0 ? [] : await client.chainVerdicts(directory, id);
  const seen: (Seen | undefined)[] = [];
  for (const account of accounts) {
    const own = options.check === true ? await lookAt(terminal, options, directory, account) : undefined;
    const told = verdicts.find(({ link }) => link === account.link);
    seen.push(own !== undefined ? seenBySelf(own) : told && seenByDirectory(told, directory));
  }
  if (options.json === true) {
    const { state, links, epoch, witnesses } = found;
    const shown = accounts.map((account, at) => ({ ...account, seen: seen[at] ?? null }));
    const keys = [...state.keys.keys()];
    terminal.print(
      JSON.stringify({
        id,
        directory,
        epoch,
        witnesses,
        ended: state.ended,
        keys,
        accounts: shown,
        names: state.names,
        index: index.index,
        sealed: index.sealed,
        opened,
        links,
      }),
    );
  } else {
    const lines = accounts.map((account, at) => formatAccount(account, seen[at], terminal.style));
    terminal.print(formatChain(found, { accounts: lines, opened }, terminal.style));
  }
  terminal.leave(options.check === true ? exitOfSeen(seen) : EXIT.done);
}

function exitOfSeen(seen: readonly (Seen | undefined)[]): Exit {
  if (seen.some((one) => one?.state === 'failed')) return EXIT.refused;
  return seen.some((one) => one?.state === 'unreachable') ? EXIT.unreachable : EXIT.done;
}
