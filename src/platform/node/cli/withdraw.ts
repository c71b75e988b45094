// `whereabouts withdraw`: takes a registration made from here back, with the temporary key that was kept, and at the issuers if they know who asks.
import { Command } from 'commander';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseIdentifier } from '../../../protocol/identifier.ts';
import { readSetup, registrationsFolder, type AskingOptions } from './asking.ts';
import { findAuthorization, type AuthorizationOptions } from './authorizations.ts';
import { EXIT } from './exit.ts';
import { collect } from './lists.ts';
import type { Terminal } from './program.ts';
import { openPersonal } from './register.ts';
import { openRegistrations } from './registrations.ts';

interface WithdrawOptions extends AskingOptions, AuthorizationOptions {
  readonly directory?: string;
  readonly region?: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ whereabouts withdraw "+44 20 7946 0555"
  $ whereabouts withdraw me@example.org --directory directory.example
  $ whereabouts withdraw "+44 20 7946 0555" --account me        the providers' attestations too

Works where the registration was made: the key that may withdraw it is in the data folder there. From elsewhere, ask the
provider to withdraw its attestation; the directory then drops the record.`;

export function withdrawCommand(terminal: Terminal): Command {
  return new Command('withdraw')
    .summary('take your registration back')
    .description('Withdraws a registration made from here; afterwards nobody finds it.')
    .argument('<id>', 'your phone number or e-mail address')
    .option('--region <region>', 'region of a national phone number, such as GB')
    .option('--directory <domain>', 'directory, where you registered with several')
    .option('--account <name>', 'account at the providers of the sandbox: withdraws their attestations as well')
    .option(
      '--authorization-file <file>',
      'file with the Authorization header for the provider ([domain=]file)',
      collect,
    )
    .option('--json', 'print JSON')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (input: string, options: WithdrawOptions) => {
      await withdraw(terminal, input, options);
    });
}

async function withdraw(terminal: Terminal, input: string, options: WithdrawOptions): Promise<void> {
  const id = parseIdentifier(input, options.region);
  const setup = readSetup(terminal, options.config);
  const registrations = openRegistrations(registrationsFolder(setup));
  const found = await registrations.findAll(id, options.directory);
  if (found.length === 0) {
    terminal.note('whereabouts: no registration of this identifier was made from here [record-unknown]');
    return terminal.leave(EXIT.absent);
  }
  for (const { registration } of found) {
    const { directory, attestations } = registration;
    const provider = attestations[0]?.issuer ?? directory;
    const { client } = await openPersonal(terminal, setup, { ...options, directory }, provider);
    const known = attestations.flatMap(({ issuer }) => {
      const header = findAuthorization(options, issuer);
      return header === undefined ? [] : [[issuer, header] as const];
    });
    const gone = await client.withdraw(registration, { authorization: Object.fromEntries(known) }).then(
      () => false,
      (error: unknown) => {
        // Somebody was faster: expired, superseded, or withdrawn by the issuer.
        if (error instanceof WhereaboutsError && error.code === 'record-unknown') return true;
        throw error;
      },
    );
    // Withdrawn at the directory: if we die here, the file is left over and a second run finds the record unknown.
    await registrations.remove(registration);
    if (options.json === true) terminal.print(JSON.stringify({ directory, withdrawn: !gone }));
    else terminal.print(`${terminal.style('green', gone ? 'Already gone' : 'Withdrawn')} from ${directory}`);
  }
  terminal.leave(EXIT.done);
}
