// Who is who at the sandbox's providers: `Bearer sandbox-<account>` is any account one cares to make up. No such thing exists outside the sandbox.
import type { Account, Accounts } from '../../../server/issuer/accounts.ts';
import { addressOf, EVECHAT, PEOPLE } from './world.ts';

const BEARER = /^Bearer sandbox-([a-z0-9][a-z0-9._-]{0,31})$/;

/** Accounts of `provider`: each owns every identifier but those of the canned people. EveChat believes anybody anything. */
export function sandboxAccounts(provider: string): Accounts {
  return {
    authenticate: async (request): Promise<Account | undefined> => {
      const id = BEARER.exec(request.headers.get('authorization') ?? '')?.[1];
      return id === undefined ? undefined : { id };
    },
    owns: async (account, identifier) => {
      const owner = PEOPLE.find((person) => person.stolen !== true && person.identifiers.includes(identifier));
      const mayClaim = owner === undefined || owner.account === account.id || provider === EVECHAT;
      return mayClaim ? { address: addressOf(account.id, provider) } : undefined;
    },
  };
}
