// `whereabouts serve`: starts a deployment, or with --sandbox a whole little world. The doors themselves are handed in.
import { Command } from 'commander';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseGuest, type Guests } from '../sandbox/guests.ts';
import { sandboxPort } from './asking.ts';
import type { Terminal } from './program.ts';

/** What starts and keeps running until a signal ends it. */
export interface Doors {
  /** `roles` in place of the configured ones. */
  production(options: { readonly config: string | undefined; readonly roles?: string }): Promise<void>;
  sandbox(options: {
    readonly port: number;
    readonly data: string | undefined;
    readonly guests: Guests;
  }): Promise<void>;
}

const EXAMPLES = `
Examples:
  $ whereabouts serve --sandbox                    everything in one process, nothing to configure
  $ whereabouts serve --sandbox --port 9000
  $ whereabouts serve --sandbox --guest mychat.localhost=9100     with a provider of your own, see examples/
  $ whereabouts init && WHEREABOUTS_DOMAIN=directory.example whereabouts serve
  $ whereabouts serve --config /etc/whereabouts/whereabouts.json

Production is the default: https only, credentials required, no made-up accounts. Which of directory, issuer, resolver,
witness and auditor this process plays is WHEREABOUTS_ROLES; every setting is in docs/configuration.md. Ends in order on SIGINT and SIGTERM.
Exit codes: 2 for a configuration that cannot be used, 3 for a port or data folder that somebody else has.`;

export function serveCommand(doors: Doors, terminal: Terminal): Command {
  return new Command('serve')
    .summary('run a directory, issuer, resolver, witness or auditor, or the sandbox')
    .description('Runs the roles this deployment is configured for.')
    .option('--sandbox', 'run the sandbox: made-up people and providers on this machine')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .option('--data <folder>', 'folder of the sandbox')
    .option(
      '--guest <domain=port>',
      'a program of your own on this machine as <name>.localhost, whom AliceChat believes; again for more',
      collectGuests,
    )
    .option('--config <file>', 'configuration file')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ServeOptions) => {
      const { sandbox, port, data, guest } = options;
      if (sandbox !== true && (port !== undefined || data !== undefined || guest !== undefined))
        throw new WhereaboutsError(
          'config-invalid',
          '--port, --data and --guest are for --sandbox; in production see docs/configuration.md',
        );
      if (sandbox === true && options.config !== undefined)
        throw new WhereaboutsError('config-invalid', 'the sandbox takes no configuration file');
      if (sandbox === true)
        await doors.sandbox({ port: sandboxPort(port, terminal.env), data, guests: guest ?? new Map() });
      else await doors.production({ config: options.config });
    });
}

interface ServeOptions {
  readonly sandbox?: true;
  readonly port?: string;
  readonly data?: string;
  readonly guest?: Guests;
  readonly config?: string;
}

const collectGuests = (text: string, all: Guests = new Map()): Guests => new Map([...all, parseGuest(text)]);
