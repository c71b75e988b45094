// What a provider plugs in: how it knows its own users, and which identifiers are theirs (§4.6). Knows no protocol.
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Identifier } from '../../protocol/identifier.ts';

/** A user of the provider. `id` never leaves the issuer, and its database holds only a keyed hash of it. */
export interface Account {
  readonly id: string;
}

export interface Ownership {
  /** How possession was established (RFC 8176 where a value exists); the issuer's own default if not given. */
  readonly amr?: readonly string[];
  /** The account's address at this provider: ties the attestation to it without showing it (§4.1). */
  readonly address?: string;
}

export interface Accounts {
  /** Whose request this is, judged by its headers (the body is not there); undefined when it is nobody's. */
  authenticate(request: Request): Promise<Account | undefined>;
  /** Undefined unless this very account has shown that it controls the identifier. */
  owns(account: Account, identifier: Identifier): Promise<Ownership | undefined>;
}

/** The account behind a request; throws `credentials-required`, or `credentials-invalid` where some were sent. */
export async function authenticate(
  accounts: Accounts,
  head: { url: string; method: string; headers: Headers },
): Promise<Account> {
  // Without the body: a plug-in that read it would leave nothing to parse.
  const request = new Request(head.url, { method: head.method, headers: head.headers });
  const account = await accounts.authenticate(request);
  if (account !== undefined) return account;
  const sent = head.headers.has('authorization') || head.headers.has('cookie');
  throw new WhereaboutsError(sent ? 'credentials-invalid' : 'credentials-required');
}
