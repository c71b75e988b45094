// `whereabouts attest`: the issuer's side, for its operator: attest by hand, see what was given out, take it back.
import { Command } from 'commander';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import type { LedgerEntry } from '../../../server/issuer/ledger.ts';
import type { DueEntry } from '../../../server/issuer/renew.ts';
import { readNamed } from '../paths.ts';
import { EXIT } from './exit.ts';
import { readLines } from './lines.ts';
import { collectList } from './lists.ts';
import type { Terminal } from './program.ts';

/** The database drivers are loaded by the one command that needs them. */
const operator = () => import('./operator.ts');

interface Common {
  readonly config?: string;
  readonly json?: true;
  readonly account?: string;
}

const EXAMPLES = `
Examples:
  $ whereabouts attest nonce --account 4711                        for the person's proof of possession
  $ whereabouts attest issue "+44 20 7946 0555" --account 4711 --possession proof.jws --directory directory.example \\
      --address @me:bob.chat --amr sms
  $ whereabouts attest list
  $ whereabouts attest due --accounts ids.txt                      who has to renew, and until when
  $ whereabouts attest renew users.jsonl > renewed.jsonl           {"account": "4711", "identifier": "+44…"} a line
  $ whereabouts attest withdraw --account 4711                     the account was closed
  $ whereabouts attest withdraw Kz3…Qw --account 4711              one attestation, by its jti

Works on the keys and the database of the deployment that is configured here (role issuer); with the embedded database, stop
the server first. \`issue\` takes your word that the account owns the identifier: users go through the issuer's API instead.`;

export function attestCommand(terminal: Terminal): Command {
  const attesting = new Command('attest')
    .summary('issue, list and withdraw attestations (operators of an issuer)')
    .description('The issuer’s side: attest by hand, list what was given out, withdraw it.')
    .addHelpText('after', EXAMPLES);
  for (const command of [nonceCommand, issueCommand, listCommand, dueCommand, renewCommand, withdrawCommand])
    attesting.addCommand(
      command(terminal).option('--config <file>', 'configuration file').option('--json', 'print JSON'),
    );
  return attesting;
}

function nonceCommand(terminal: Terminal): Command {
  return new Command('nonce')
    .description('Gives a nonce for a proof of possession: single use, five minutes.')
    .requiredOption('--account <id>', 'account it is for')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Common & { account: string }) => {
      const nonce = await (await operator()).nonceFor(terminal, options, options.account);
      terminal.print(options.json === true ? JSON.stringify({ nonce }) : nonce);
      terminal.leave(EXIT.done);
    });
}

interface IssueOptions extends Common {
  readonly account: string;
  readonly possession: string;
  readonly directory: string;
  readonly region?: string;
  readonly address?: string;
  readonly amr?: string[];
}

function issueCommand(terminal: Terminal): Command {
  return new Command('issue')
    .description('Attests that the holder of a temporary key owns an identifier, on your word.')
    .argument('<id>', 'phone number or e-mail address')
    .requiredOption('--account <id>', 'account the attestation is for')
    .requiredOption('--possession <file>', 'file with the proof of possession of the temporary key')
    .requiredOption('--directory <domain>', 'directory it is for')
    .option('--region <region>', 'region of a national phone number, such as GB')
    .option('--address <address>', 'the account’s address here, which the attestation then confirms')
    .option('--amr <methods>', 'how you know, such as sms or otp', collectList)
    .addHelpText('after', EXAMPLES)
    .action(async (identifier: string, options: IssueOptions) => {
      const { account, directory, region, address, amr } = options;
      const possession = readNamed(options.possession, 'the proof of possession').trim();
      const { issueFor } = await operator();
      const wanted = { directory, identifier, region, possession, address, amr };
      const issued = await issueFor(terminal, options, account, wanted);
      terminal.print(options.json === true ? JSON.stringify(issued) : issued.attestation);
      terminal.leave(EXIT.done);
    });
}

function listCommand(terminal: Terminal): Command {
  return new Command('list')
    .description('Lists attestations that have not ended. Whose they are, and about whom, is not in the database.')
    .option('--account <id>', 'only those of this account')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Common) => {
      const { listFor } = await operator();
      const entries = await listFor(terminal, options, options.account);
      for (const entry of entries) terminal.print(options.json === true ? JSON.stringify(entry) : formatEntry(entry));
      if (entries.length === 0 && options.json !== true) terminal.note('none');
      terminal.leave(EXIT.done);
    });
}

interface DueOptions extends Common {
  readonly accounts?: string;
  readonly within?: string;
}

const WITHIN = 'those that end within so many days as well (default: 30)';

const withinOf = ({ within }: Pick<DueOptions, 'within'>): { withinSeconds?: number } => {
  if (within === undefined) return {};
  if (!/^\d{1,4}$/.test(within)) throw new WhereaboutsError('config-invalid', '--within: a whole number of days');
  return { withinSeconds: Number(within) * 86_400 };
};

function dueCommand(terminal: Terminal): Command {
  return new Command('due')
    .description('Lists attestations to be renewed: the directory is changing its key, or their end is near.')
    .option('--accounts <file>', 'ids of accounts, one a line (-: standard input): only theirs, and by these names')
    .option('--within <days>', WITHIN)
    .addHelpText('after', EXAMPLES)
    .action(async (options: DueOptions) => {
      const accounts = options.accounts === undefined ? {} : { accounts: await gather(readLines(options.accounts)) };
      const { dueFor } = await operator();
      for (const entry of await dueFor(terminal, options, { ...withinOf(options), ...accounts }))
        terminal.print(
          options.json === true ? JSON.stringify(entry) : formatDue(entry, options.accounts !== undefined),
        );
      terminal.leave(EXIT.done);
    });
}

async function gather(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

function formatDue({ id, account, directory, why, before }: DueEntry, named: boolean): string {
  const reason = why === 'key' ? 'its key is being changed' : 'it ends';
  return `${id.slice(0, 16)}  account ${named ? account : account.slice(0, 16)}  ${directory}: ${reason}, before ${day(before)}`;
}

function renewCommand(terminal: Terminal): Command {
  return new Command('renew')
    .description('Attests anew what is due, for the temporary keys that are known; prints one line of JSON for each.')
    .argument('<file>', 'lines of {"account": …, "identifier": …} (-: standard input)')
    .option('--within <days>', WITHIN)
    .addHelpText(
      'after',
      `\nThe accounts module is asked whether the identifier is still the account’s. Deposit within a day.\n${EXAMPLES}`,
    )
    .action(async (file: string, options: DueOptions) => {
      const { renewFor } = await operator();
      let refused = 0;
      await renewFor(terminal, options, readLines(file), withinOf(options), (renewed) => {
        if (renewed.outcome === 'refused') refused += 1;
        terminal.print(JSON.stringify(renewed));
      });
      terminal.leave(refused === 0 ? EXIT.done : EXIT.refused);
    });
}

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

function formatEntry({ id, account, expiresAt, withdrawnAt }: LedgerEntry): string {
  const state = withdrawnAt === undefined ? `until ${day(expiresAt)}` : `withdrawn ${day(withdrawnAt)}`;
  return `${id.slice(0, 16)}  account ${account.slice(0, 16)}  ${state}`;
}

function withdrawCommand(terminal: Terminal): Command {
  return new Command('withdraw')
    .description('Withdraws one attestation, or all of an account.')
    .argument('[jti]', 'the attestation’s jti; without it, all of the account')
    .requiredOption('--account <id>', 'account it was given to')
    .addHelpText('after', EXAMPLES)
    .action(async (jti: string | undefined, options: Common & { account: string }) => {
      const { withdrawFor } = await operator();
      const done = await withdrawFor(terminal, options, options.account, jti);
      if (done.withdrawn === 0)
        throw new WhereaboutsError('attestation-unknown', 'this account has no live attestation');
      terminal.print(options.json === true ? JSON.stringify(done) : `Withdrawn: ${done.withdrawn}`);
      terminal.leave(EXIT.done);
    });
}
