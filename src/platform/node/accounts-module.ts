// The provider's plug-in: a module of its own that knows its users (§4.6).
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Accounts } from '../../server/issuer/accounts.ts';

/** Loads the provider's plug-in: a module that exports `accounts` (§4.6). */
export async function loadAccounts(file: string): Promise<Accounts> {
  let module: { readonly accounts?: unknown };
  try {
    module = (await import(pathToFileURL(path.resolve(file)).href)) as { readonly accounts?: unknown };
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `the accounts module cannot be loaded: ${file}`, { cause });
  }
  if (!isAccounts(module.accounts))
    throw new WhereaboutsError('config-invalid', `${file} must export accounts with authenticate() and owns()`);
  return module.accounts;
}

const isAccounts = (value: unknown): value is Accounts =>
  typeof value === 'object' &&
  value !== null &&
  'authenticate' in value &&
  'owns' in value &&
  typeof value.authenticate === 'function' &&
  typeof value.owns === 'function';
