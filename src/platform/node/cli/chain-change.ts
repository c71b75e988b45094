// `whereabouts chain start` and every command that adds a link (§9.1): the key is in a file here, the chain in its directory. Each says what
// the directory has proven to have taken.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { isService, parseAccount, parseClaim } from '../../../protocol/account.ts';
import type { ChainAccount } from '../../../protocol/chain/state.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { generateTemporaryKey } from '../../../protocol/token/temporary-key.ts';
import { chainFile, writeChainFile } from '../chain-files.ts';
import { systemClock } from '../clock.ts';
import { readSetup } from './asking.ts';
import { append, chainSubcommand, change, report } from './chain-append.ts';
import { chainsFolder, lookAt, openChainClient, type ChainOptions } from './chain-asking.ts';
import { formatAccount, formatInstructions, seenBySelf } from './chain-text.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './program.ts';

interface ChangeOptions extends ChainOptions {
  readonly where?: string;
  readonly wait?: string;
  readonly to?: string;
  readonly yes?: true;
}

export function chainStartCommand(terminal: Terminal): Command {
  return chainSubcommand('start', 'begin a public identity of your own', 'start --directory directory.example')
    .requiredOption('--directory <domain>', 'directory to begin it in: public, and for good')
    .action(async (options: ChainOptions & { directory: string }) => {
      const { directory } = options;
      const setup = readSetup(terminal, options.config);
      const client = await openChainClient(terminal, setup, options, directory);
      const key = await generateTemporaryKey({ extractable: true });
      const found = await client.startChain(directory, key);
      const { id } = found.state;
      const file = chainFile(chainsFolder(setup), id);
      // The directory has the chain now. If we die here, nobody can ever add to it: it says nothing.
      await writeChainFile(file, { chain: id, directory, key });
      report(
        terminal,
        found,
        options,
        `Begun: ${id}\nIts key is in ${file}: whoever has it speaks for you. Keep a copy.`,
      );
    });
}

/** Commands that do no more than add one link. */
export function chainChangeCommands(terminal: Terminal): Command[] {
  return [addAccount(terminal), removeAccount(terminal), addKey(terminal), removeKey(terminal), end(terminal)];
}

function addAccount(terminal: Terminal): Command {
  return change('add-account', 'claim an account elsewhere, and prove it', 'add-account dns bob.example')
    .argument('<service>', 'dns, https, github, gitlab, activitypub, matrix, bluesky, hackernews')
    .argument('<account>', 'the account there')
    .option('--where <place>', 'where your post is: id of a gist or snippet, address of a note, at:// of a record')
    .option('--wait <seconds>', 'how long to look for the proof (default: 0, see chain show --check)', '0')
    .action(async (service: string, text: string, options: ChangeOptions) => {
      const wait = parseSeconds(options.wait);
      const account = parseNormal(service, text);
      const claim = parseClaim({ service, account, where: options.where });
      const { found, directory } = await append(terminal, options, async () => ({ type: 'add-account', ...claim }));
      const added = found.state.accounts.at(-1);
      if (added === undefined) throw new WhereaboutsError('internal-error');
      report(terminal, found, options, `Claimed ${service}:${account}.\n\n${formatInstructions(added, terminal)}`);
      if (wait > 0) await waitFor(terminal, options, { directory, account: added, wait });
    });
}

/** Between two looks at one's own post, in milliseconds. */
const APART = 5_000;

async function waitFor(
  terminal: Terminal,
  options: ChangeOptions,
  { directory, account, wait }: { directory: string; account: ChainAccount; wait: number },
): Promise<void> {
  const until = systemClock() + wait * 1_000;
  for (;;) {
    const verdict = await lookAt(terminal, options, directory, account);
    if (verdict === undefined) return;
    const isLast = systemClock() + APART > until;
    if (verdict.state === 'ok' || isLast) {
      terminal.note(formatAccount(account, seenBySelf(verdict), terminal.style));
      const exits = { ok: EXIT.done, failed: EXIT.refused, unreachable: EXIT.unreachable } as const;
      return terminal.leave(exits[verdict.state]);
    }
    await sleep(APART);
  }
}

function removeAccount(terminal: Terminal): Command {
  return change('remove-account', 'take an account back', 'remove-account dns bob.example')
    .argument('<service>', 'its service')
    .argument('<account>', 'the account')
    .action(async (service: string, text: string, options: ChangeOptions) => {
      const account = parseNormal(service, text);
      if (!isService(service)) throw new WhereaboutsError('account-invalid');
      const action = { type: 'remove-account', service, account } as const;
      const { found } = await append(terminal, options, async () => action);
      report(terminal, found, options, `Taken back: ${service}:${account}`);
    });
}

function addKey(terminal: Terminal): Command {
  return change('add-key', 'make a second key, for another device', 'add-key --to laptop.json')
    .requiredOption('--to <file>', 'file to write it to: take it to the other device, and use it there as --key-file')
    .action(async (options: ChangeOptions & { to: string }) => {
      const { to } = options;
      const key = await generateTemporaryKey({ extractable: true });
      const { found } = await append(terminal, options, async ({ chain, directory }) => {
        // Written first: a key that nobody has would only be in the way.
        await writeChainFile(to, { chain, directory, key });
        return { type: 'add-key', key };
      });
      report(terminal, found, options, `Added the key ${key.jkt}, which is in ${to}`);
    });
}

function removeKey(terminal: Terminal): Command {
  return change('remove-key', 'take a key away, for ever', 'remove-key <thumbprint>')
    .argument('<thumbprint>', 'as chain show lists it')
    .action(async (key: string, options: ChangeOptions) => {
      const { found } = await append(terminal, options, async () => ({ type: 'remove-key', key }));
      report(terminal, found, options, `Removed the key ${key}`);
    });
}

function end(terminal: Terminal): Command {
  return change('end', 'end the chain, for ever', 'end --yes')
    .option('--yes', 'say that you mean it')
    .action(async (options: ChangeOptions) => {
      if (options.yes !== true)
        throw new WhereaboutsError('config-invalid', 'an end cannot be taken back: say --yes if you mean it');
      const { found } = await append(terminal, options, async () => ({ type: 'end' }));
      report(terminal, found, options, `Ended: ${found.state.id}`);
    });
}

function parseNormal(service: string, text: string) {
  if (!isService(service)) throw new WhereaboutsError('config-invalid', 'not a service of the list: see --help');
  return parseAccount(service, text);
}

function parseSeconds(text = '0'): number {
  if (!/^\d{1,4}$/.test(text))
    throw new WhereaboutsError('config-invalid', '--wait is a number of seconds, up to 9999');
  return Number(text);
}
