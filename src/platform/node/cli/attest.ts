// `whereabouts attest`: the issuer's side, for its operator: attest by hand, see what was given out, take it back.
import { Command } from 'commander';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import type { LedgerEntry } from '../../../server/issuer/ledger.ts';
import { readNamed } from '../paths.ts';
import { EXIT } from './exit.ts';
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
  $ whereabouts attest withdraw --account 4711                     the account was closed
  $ whereabouts attest withdraw Kz3…Qw --account 4711              one attestation, by its jti

Works on the keys and the database of the deployment that is configured here (role issuer); with the embedded database, stop
the server first. \`issue\` takes your word that the account owns the identifier: users go through the issuer's API instead.`;

export function attestCommand(terminal: Terminal): Command {
  const attesting = new Command('attest')
    .summary('issue, list and withdraw attestations (operators of an issuer)')
    .description('The issuer’s side: attest by hand, list what was given out, withdraw it.')
    .addHelpText('after', EXAMPLES);
  for (const command of [nonceCommand, issueCommand, listCommand, withdrawCommand])
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
      terminal.leave(EXIT.done);
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
