// `whereabouts register`: puts a person's own routes into a directory, in the order he prefers, and keeps what is needed to change them.
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Registration } from '../../../client/registration.ts';
import { parseDomain } from '../../../protocol/domain.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseIdentifier } from '../../../protocol/identifier.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { readAttestation } from '../../../protocol/token/attestation.ts';
import { systemClock } from '../clock.ts';
import {
  findPolicy,
  openClient,
  readSetup,
  registrationsFolder,
  type Asking,
  type AskingOptions,
  type Setup,
} from './asking.ts';
import { findAddress, findAuthorization, type AuthorizationOptions } from './authorizations.ts';
import { EXIT, exitOf } from './exit.ts';
import { collect, collectList } from './lists.ts';
import { openRegistrations, type Stored, type StoredProvider } from './registrations.ts';
import type { Terminal } from './program.ts';

export interface RegisterOptions extends AskingOptions, AuthorizationOptions {
  readonly provider: string[];
  readonly address?: string[];
  readonly for?: string[];
  readonly directory?: string;
  readonly region?: string;
  readonly optOut?: true;
  readonly auto?: boolean;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ whereabouts register "+44 20 7946 0555" --provider bobchat.localhost --account me          the sandbox
  $ whereabouts register me@example.org --provider charliechat.localhost --provider bobchat.localhost --account me
  $ whereabouts register "+44 20 7946 0555" --provider bobchat.localhost --account me --opt-out
  $ whereabouts register "+44 20 7946 0555" --directory directory.example --provider bob.chat \\
      --authorization-file bobchat-header --address @me:bob.chat

The first provider is the one to be reached at first. Registering again with the same providers only changes the order and
needs no new proof; \`whereabouts withdraw\` takes the registration back. What is needed for both is kept in the data folder,
readable by you alone. An authorization file holds the header your provider's own sign-in gives you, such as "Bearer …";
with several providers name each: --authorization-file bob.chat=file.`;

export function registerCommand(terminal: Terminal): Command {
  return new Command('register')
    .summary('say where you want to be reached')
    .description('Registers your own phone number or e-mail address with a directory that never sees it.')
    .argument('<id>', 'your phone number or e-mail address')
    .requiredOption('--provider <domain>', 'where to be reached; again for more, the preferred one first', collect)
    .option('--account <name>', 'account at the providers of the sandbox: any name')
    .option(
      '--authorization-file <file>',
      'file with the Authorization header for the provider ([domain=]file)',
      collect,
    )
    .option('--address <address>', 'your address at the provider; again for more, in the order of --provider', collect)
    .option('--for <tags>', 'purposes, with commas between them: personal, business, emergency, …', collectList)
    .option('--opt-out', 'register that you do not want to be found')
    .option('--auto', 'let gatekeepers route to you without asking again')
    .option('--no-auto', 'have them ask (the default)')
    .option('--region <region>', 'region of a national phone number, such as GB')
    .option('--directory <domain>', 'directory (default: the first of the policy)')
    .option('--json', 'print JSON')
    .option('--policy <file>', 'policy that names the directory')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (input: string, options: RegisterOptions) => {
      await register(terminal, input, options);
    });
}

async function register(terminal: Terminal, input: string, options: RegisterOptions): Promise<void> {
  const id = parseIdentifier(input, options.region);
  const providers = options.provider.map((text): string => parseDomain(text));
  if (new Set(providers).size !== providers.length)
    throw new WhereaboutsError('config-invalid', 'a provider is named twice');
  const setup = readSetup(terminal, options.config);
  const asking = await openPersonal(terminal, setup, options, providers[0] ?? '');
  const directory = options.directory ?? asking.policy.directories[0] ?? '';
  const registrations = openRegistrations(registrationsFolder(setup));
  const [stored] = await registrations.findAll(id, directory);
  const choices = providers.map((domain, index): StoredProvider => {
    const known = stored?.providers.find((provider) => provider.domain === domain);
    const address = options.address?.[index] ?? findAddress(options, domain) ?? known?.address;
    return { domain, ...(address === undefined ? {} : { address }) };
  });
  const { registration, changed } = await deposit(asking, { id, directory, choices, stored }, options);
  // The directory has it now. If we die here, the file still holds the older state: registering again starts afresh.
  await registrations.save(id, { registration, providers: choices });
  if (stored !== undefined && stored.registration.name !== registration.name) registrations.remove(stored.registration);
  report(terminal, { registration, changed, providers }, options);
}

/** A client without a domain of its own: a person shows an issuer's pass, not credentials. */
export async function openPersonal(
  terminal: Terminal,
  setup: Setup,
  options: AskingOptions & { readonly directory?: string },
  provider: string,
): Promise<Asking> {
  const { directory } = options;
  const found = findPolicy(setup, options, directory ?? provider);
  if (found === undefined && directory === undefined)
    throw new WhereaboutsError('config-invalid', 'say in which directory: --directory, or a --policy that names one');
  const policy = {
    ...(found ?? { domain: provider, trust: { tel: [], mailto: [] }, known: [], alternatives: [] }),
    directories: directory === undefined ? (found?.directories ?? []) : [parseDomain(directory)],
  };
  return openClient(terminal, setup, { ...options, anonymous: true }, policy);
}

/** A registration is made anew, and not only changed, where its proof is older than this: in time before it counts no more (§5.3). */
const FRESH_SECONDS = LIMITS.phoneAttestationSeconds - 10 * 86_400;

interface Wanted {
  readonly id: string;
  readonly directory: string;
  readonly choices: readonly StoredProvider[];
  readonly stored: Stored | undefined;
}

/** Changes the registration made earlier where that will do, else registers anew. */
async function deposit(
  { client }: Asking,
  { id, directory, choices, stored }: Wanted,
  options: RegisterOptions,
): Promise<{ registration: Registration; changed: boolean }> {
  const { optOut = false, auto = false, for: tags } = options;
  const routes = choices.map((choice) => (tags === undefined ? choice : { ...choice, for: tags }));
  const providers = routes.map((route) => {
    const authorization = findAuthorization(options, route.domain);
    return authorization === undefined ? route : { ...route, authorization };
  });
  const isKnown = providers.some((provider) => 'authorization' in provider);
  const registerAnew = () => client.register({ identifier: id, directory, providers, optOut, auto, keep: true });
  if (stored !== undefined && isChange(stored, choices) && !(isKnown && isOld(stored.registration)))
    try {
      const changes = { providers: optOut ? [] : routes, auto };
      return { registration: await client.update(stored.registration, changes), changed: true };
    } catch (error) {
      // The directory or the issuer knows nothing of it any more: where somebody vouches for us again, start afresh.
      if (!isKnown || !(error instanceof WhereaboutsError) || exitOf(error.code) !== EXIT.refused) throw error;
    }
  if (!isKnown)
    throw new WhereaboutsError(
      'config-invalid',
      'no provider knows you: give --account (sandbox) or --authorization-file',
    );
  const registration = await registerAnew().catch(async (error: unknown) => {
    // Attestations are dated in whole seconds, and of two of the same second the first stands (§5.2): once more, in the next.
    if (!(error instanceof WhereaboutsError) || error.code !== 'record-stale') throw error;
    await sleep(1_000);
    return registerAnew();
  });
  return { registration, changed: false };
}

/** Whether the same accounts are named, in whatever order: the attestations at hand then still say what is needed. */
function isChange({ registration, providers }: Stored, choices: readonly StoredProvider[]): boolean {
  const has = (choice: StoredProvider) =>
    providers.some(({ domain, address }) => domain === choice.domain && address === choice.address);
  return registration.kept !== undefined && providers.length === choices.length && choices.every(has);
}

function isOld({ kept, expires }: Registration): boolean {
  const now = systemClock() / 1000;
  const issued = (kept?.attestations ?? []).map((token) => readAttestation(token).iat);
  return expires <= now || Math.min(...issued) < now - FRESH_SECONDS;
}

function report(
  terminal: Terminal,
  done: { registration: Registration; changed: boolean; providers: readonly string[] },
  options: RegisterOptions,
): void {
  const { registration, changed, providers } = done;
  const { kept: _kept, ...shown } = registration;
  if (options.json === true) terminal.print(JSON.stringify(shown));
  else {
    const until = new Date(registration.expires * 1000).toISOString().slice(0, 10);
    const where = options.optOut === true ? 'opted out' : `at ${providers.join(', then ')}`;
    terminal.print(
      `${terminal.style('green', changed ? 'Changed' : 'Registered')} in ${registration.directory}: ${where}, until ${until}`,
    );
  }
  terminal.leave(EXIT.done);
}
