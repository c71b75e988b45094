// How a person shows a provider who he is, from the command line: in the sandbox a made-up account, elsewhere a header in a file.
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { findSecretFile } from '../secret-file.ts';
import { addressOf } from '../sandbox/world.ts';

export interface AuthorizationOptions {
  readonly account?: string;
  readonly authorizationFile?: readonly string[];
}

/** The whole Authorization header for `provider`, if there is one. */
export function findAuthorization(options: AuthorizationOptions, provider: string): string | undefined {
  // A guest of the sandbox (sandbox/guests.ts) has a login of its own, like anybody elsewhere.
  if (provider.endsWith('.localhost') && options.account !== undefined)
    return `Bearer sandbox-${parseAccount(options.account)}`;
  const files = (options.authorizationFile ?? []).map((text) => /^([^=/]+)=(.+)$/.exec(text)?.slice(1) ?? ['', text]);
  const file = files.find(([domain]) => domain === provider)?.[1] ?? files.find(([domain]) => domain === '')?.[1];
  if (file === undefined) return undefined;
  const header = findSecretFile(file)?.trim();
  if (header === undefined || header === '' || /[\r\n]/.test(header))
    throw new WhereaboutsError('config-invalid', 'an authorization file holds one line: the Authorization header');
  return header;
}

/** Address of the account at a sandbox provider; elsewhere only the person knows. */
export function findAddress(options: AuthorizationOptions, provider: string): string | undefined {
  if (!provider.endsWith('.localhost') || options.account === undefined) return undefined;
  return addressOf(parseAccount(options.account), provider);
}

function parseAccount(text: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,31}$/.test(text))
    throw new WhereaboutsError('config-invalid', '--account: up to 32 of a-z, 0-9, dot, dash and underscore');
  return text;
}
