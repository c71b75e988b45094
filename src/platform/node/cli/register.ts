// `whereabouts register`: puts a person's own routes into a directory, in the order he prefers, and keeps what is needed to change them.
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Registration } from '../../../client/registration.ts';
import { parseDomain } from '../../../protocol/domain.ts';
import { failAsSync, WhereaboutsError } from '../../../protocol/errors.ts';
import { parseIdentifier } from '../../../protocol/identifier.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { readAttestation } from '../../../protocol/token/attestation.ts';
import { formatB64u, parseB64u } from '../../../protocol/wire.ts';
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
  readonly provider?: string[];
  readonly address?: string[];
  readonly for?: string[];
  readonly directory?: string;
  readonly region?: string;
  readonly optOut?: true;
  readonly renew?: true;
  readonly auto?: boolean;
  readonly claim?: string[];
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ whereabouts register "+44 20 7946 0555" --provider bobchat.localhost --account me          the sandbox
  $ whereabouts register me@example.org --provider charliechat.localhost --provider bobchat.localhost --account me
  $ whereabouts register "+44 20 7946 0555" --provider bobchat.localhost --account me --opt-out
  $ whereabouts register "+44 20 7946 0555" --renew --account me        the same once more, with a fresh proof
  $ whereabouts register "+44 20 7946 0555" --directory directory.example --provider bob.chat \\
      --authorization-file bobchat-header --address @me:bob.chat

The first provider is the one to be reached at first. Registering again with the same providers only changes the order and
needs no new proof; \`whereabouts withdraw\` takes the registration back. --renew before a proof gets too old, or when the
directory changes its key: \`whereabouts monitor\` says so. What is needed for both is kept in the data folder,
readable by you alone. An authorization file holds the header your provider's own sign-in gives you, such as "Bearer …";
with several providers name each: --authorization-file bob.chat=file.`;

export function registerCommand(terminal: Terminal): Command {
  return new Command('register')
    .summary('say where you want to be reached')
    .description('Registers your own phone number or e-mail address with a directory that never sees it.')
    .argument('<id>', 'your phone number or e-mail address')
    .option('--provider <domain>', 'where to be reached; again for more, the preferred one first', collect)
    .option('--account <name>', 'account at the providers of the sandbox: any name')
    .option(
      '--authorization-file <file>',
      'file with the Authorization header for the provider ([domain=]file)',
      collect,
    )
    .option('--address <address>', 'your address at the provider; again for more, in the order of --provider', collect)
    .option('--for <tags>', 'purposes, with commas between them: personal, business, emergency, …', collectList)
    .option('--renew', 'register anew, at the same providers unless others are named')
    .option('--opt-out', 'register that you do not want to be found')
    .option('--auto', 'let gatekeepers route to you without asking again')
    .option('--no-auto', 'have them ask (the default)')
    .option('--claim <chain>', 'identity chain of yours to cite; again for more, at most 4', collect)
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
  const setup = readSetup(terminal, options.config);
  const registrations = openRegistrations(registrationsFolder(setup));
  const providers = options.provider?.map((text): string => parseDomain(text)) ?? (await sameProviders());
  if (new Set(providers).size !== providers.length)
    throw new WhereaboutsError('config-invalid', 'a provider is named twice');
  const asking = await openPersonal(terminal, setup, options, providers[0] ?? '');
  const directory = options.directory ?? asking.policy.directories[0] ?? '';
  const earlier = await registrations.findAll(id, directory);
  const [stored] = earlier;
  const choices = providers.map((domain, index): StoredProvider => {
    const known = stored?.providers.find((provider) => provider.domain === domain);
    const address = options.address?.[index] ?? findAddress(options, domain) ?? known?.address;
    return { domain, ...(address === undefined ? {} : { address }) };
  });
  const keys = await asking.client.keys(directory);
  const { registration, changed } = await deposit(asking, { id, directory, choices, stored, keys }, options);
  // The directory has it now. If we die here, the file still holds the older state: registering again starts afresh.
  await registrations.save(id, { registration, providers: choices });
  // §10: a record under a key that is being retired stays until its end, and is to be watched and withdrawn like the new one.
  for (const { registration: old } of earlier)
    if (old.name !== registration.name && !keys.some((key) => key.id === old.key)) await registrations.remove(old);
  const ends = keys.find((key) => key.id === registration.key)?.until;
  report(terminal, { registration, changed, providers, ends }, options);

  async function sameProviders(): Promise<string[]> {
    const [known] = options.renew === true ? await registrations.findAll(id, options.directory) : [];
    if (known === undefined)
      throw new WhereaboutsError('config-invalid', 'say where you want to be reached: --provider (see --help)');
    return known.providers.map((provider) => provider.domain);
  }
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
  /** Keys the directory lists now. */
  readonly keys: Awaited<ReturnType<Asking['client']['keys']>>;
}

/** Changes the registration made earlier where that will do, else registers anew. */
async function deposit(
  { client }: Asking,
  { id, directory, choices, stored, keys }: Wanted,
  options: RegisterOptions,
): Promise<{ registration: Registration; changed: boolean }> {
  const { optOut = false, auto = false, for: tags, claim } = options;
  const claims = claim === undefined ? {} : { claims: claim.map(parseChainId) };
  const routes = choices.map((choice) => (tags === undefined ? choice : { ...choice, for: tags }));
  const providers = routes.map((route) => {
    const authorization = findAuthorization(options, route.domain);
    return authorization === undefined ? route : { ...route, authorization };
  });
  const isKnown = providers.some((provider) => 'authorization' in provider);
  const registerAnew = () =>
    client.register({ identifier: id, directory, providers, optOut, auto, ...claims, keep: true });
  const key = keys.find((one) => one.id === stored?.registration.key);
  const isDue = options.renew === true || (isKnown && (key?.until !== undefined || isOld(stored?.registration)));
  if (stored !== undefined && isChange(stored, choices) && !isDue)
    try {
      const changes = { providers: optOut ? [] : routes, auto, ...claims };
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

/** A chain's id, which is public; throws `config-invalid`. */
export const parseChainId = (text: string): string =>
  failAsSync('config-invalid', 'a chain is named by its id, 43 characters', () => formatB64u(parseB64u(text, 32)));

/** Whether the same accounts are named, in whatever order: the attestations at hand then still say what is needed. */
function isChange({ registration, providers }: Stored, choices: readonly StoredProvider[]): boolean {
  const has = (choice: StoredProvider) =>
    providers.some(({ domain, address }) => domain === choice.domain && address === choice.address);
  return registration.kept !== undefined && providers.length === choices.length && choices.every(has);
}

function isOld(registration: Registration | undefined): boolean {
  if (registration === undefined) return false;
  const { kept, expires } = registration;
  const now = systemClock() / 1000;
  const issued = (kept?.attestations ?? []).map((token) => readAttestation(token).iat);
  return expires <= now || Math.min(...issued) < now - FRESH_SECONDS;
}

function report(
  terminal: Terminal,
  done: {
    registration: Registration;
    changed: boolean;
    providers: readonly string[];
    /** End of the directory's key it is under, in seconds. */
    ends: number | undefined;
  },
  options: RegisterOptions,
): void {
  const { registration, changed, providers, ends } = done;
  const { kept: _kept, ...shown } = registration;
  if (options.json === true) terminal.print(JSON.stringify(shown));
  else {
    const until = new Date(Math.min(registration.expires, ends ?? Infinity) * 1000).toISOString().slice(0, 10);
    const where = options.optOut === true ? 'opted out' : `at ${providers.join(', then ')}`;
    terminal.print(
      `${terminal.style('green', changed ? 'Changed' : 'Registered')} in ${registration.directory}: ${where}, until ${until}`,
    );
    if (options.claim !== undefined)
      terminal.note('whereabouts: a chain shows once it names this registration back: `whereabouts chain add-name`');
    if (ends !== undefined)
      terminal.note('whereabouts: the directory is changing its key: register with --renew before that date');
  }
  terminal.leave(EXIT.done);
}
