// Renewing attestations (§4.1, §10): which have to be, because their directory is changing its key or their end is near, and
// doing it for many at once. Nobody is asked to prove his temporary key again: the new attestation is for the same one.
import { WhereaboutsError, type Code } from '../../protocol/errors.ts';
import { parseIdentifier, type Identifier } from '../../protocol/identifier.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { readAttestation } from '../../protocol/token/attestation.ts';
import { formatHex } from '../../protocol/wire.ts';
import type { IssuerContext } from '../context.ts';
import { findStanding, listIssued, type IssuedRow } from '../store/issued.ts';
import type { Account, Accounts, Ownership } from './accounts.ts';
import { givePass, namesIn, signAndKeep } from './attest.ts';
import type { FindDirectory } from './directories.ts';
import { accountSubject, attestedSubject, openForAccount } from './keep.ts';

/** What an issuer needs to renew. */
export interface RenewParts {
  readonly accounts: Accounts;
  readonly findDirectory: FindDirectory;
}

/** Keys of a directory: which registrations go under, and ends (seconds) of what is listed. */
interface DirectoryKeys {
  readonly current: string;
  readonly ends: ReadonlyMap<string, number | undefined>;
}

/** An attestation that is due, as far as the operator may know it. */
export interface DueEntry {
  /** SHA-256 of its `jti`, hex. */
  readonly id: string;
  /** The account, where its id was among those given; else its keyed hash, hex. */
  readonly account: string;
  readonly directory: string;
  /** The directory's key is being changed, or the attestation ends. */
  readonly why: 'key' | 'end';
  /** Renew it before, in seconds; in the past where the key has been retired already. */
  readonly before: number;
}

export interface DueOptions {
  /** Attestations that end within so many seconds are due too: 30 days unless given. */
  readonly withinSeconds?: number;
  /** Ids of accounts to name in the entries, and to choose from. */
  readonly accounts?: readonly string[];
}

const SOON_SECONDS = 30 * 86_400;

/** Attestations that have to be renewed, soonest first. Throws `peer-unreachable` where a directory does not tell its keys. */
export async function listDue(
  ctx: IssuerContext,
  findDirectory: FindDirectory,
  { withinSeconds = SOON_SECONDS, accounts }: DueOptions = {},
): Promise<DueEntry[]> {
  const now = Math.floor(ctx.clock() / 1000);
  const names = new Map(accounts?.map((id) => [formatHex(accountSubject(ctx, { id })), id]));
  const standing = (await listIssued(ctx.db, ctx.domain, now)).filter(({ withdrawnAt }) => withdrawnAt === null);
  const newest = newestBySubject(standing);
  const keys = new Map<string, DirectoryKeys>();
  const due: DueEntry[] = [];
  for (const row of newest) {
    const hash = formatHex(row.account);
    if (accounts !== undefined && !names.has(hash)) continue;
    const known = keys.get(row.directory) ?? (await readKeys(ctx, findDirectory, row.directory));
    keys.set(row.directory, known);
    const reason = whyDue(row, known, now, withinSeconds);
    if (reason !== undefined)
      due.push({
        id: formatHex(row.jtiHash),
        account: names.get(hash) ?? hash,
        directory: row.directory,
        ...reason,
      });
  }
  return due.toSorted((a, b) => a.before - b.before);
}

/** One that another took the place of is nobody's concern. What an older version kept does not tell: it is left out. */
function newestBySubject(rows: readonly IssuedRow[]): IssuedRow[] {
  const newest = new Map<string, IssuedRow>();
  for (const row of rows.filter(({ subject }) => subject.length > 0)) {
    const subject = formatHex(row.subject);
    if ((newest.get(subject)?.expiresAt ?? 0) <= row.expiresAt) newest.set(subject, row);
  }
  return [...newest.values()];
}

function whyDue(
  { key, expiresAt }: Pick<IssuedRow, 'key' | 'expiresAt'>,
  { current, ends }: DirectoryKeys,
  now: number,
  withinSeconds: number,
): Pick<DueEntry, 'why' | 'before'> | undefined {
  if (key !== current) return { why: 'key', before: ends.get(key) ?? now };
  return expiresAt <= now + withinSeconds ? { why: 'end', before: expiresAt } : undefined;
}

async function readKeys(ctx: IssuerContext, findDirectory: FindDirectory, domain: string): Promise<DirectoryKeys> {
  const directory = await findDirectory(domain);
  const { config } = await directory.head(ctx.clock() + LIMITS.fetchMilliseconds, { fresh: true });
  const ends = new Map(config.keys.map(({ id, until }) => [id, until]));
  return { current: config.keys.find(({ until }) => until === undefined)?.id ?? '', ends };
}

/** One person whose attestations are to be renewed: an account, and an identifier it owns. */
export interface RenewRequest {
  readonly account: string;
  readonly identifier: string;
  readonly region?: string | undefined;
}

/** What became of a request at one directory. An attestation has to be deposited within a day (§5.2), a pass used within 300 s. */
export type Renewed = { readonly account: string; readonly directory: string } & (
  | { readonly outcome: 'renewed'; readonly attestation: string; readonly pass: string }
  /** It stands under the key there is now, and does not end soon. */
  | { readonly outcome: 'current' }
  /** There is nothing to renew: never attested, ended, withdrawn. */
  | { readonly outcome: 'none' }
  | { readonly outcome: 'refused'; readonly code: Code }
);

interface Due {
  readonly account: Account;
  readonly identifier: Identifier;
  readonly owned: Ownership;
  readonly row: IssuedRow;
}

/** Renews what is due at every directory of the issuer, in evaluations of the largest size; answers as they are made. */
export async function* renewAttestations(
  ctx: IssuerContext,
  parts: RenewParts,
  requests: Iterable<RenewRequest> | AsyncIterable<RenewRequest>,
  { withinSeconds = SOON_SECONDS }: Pick<DueOptions, 'withinSeconds'> = {},
): AsyncGenerator<Renewed, void, undefined> {
  let batch: RenewRequest[] = [];
  for await (const request of requests) {
    batch.push(request);
    if (batch.length < LIMITS.evaluateElements) continue;
    yield* renewBatch(ctx, parts, batch, withinSeconds);
    batch = [];
  }
  if (batch.length > 0) yield* renewBatch(ctx, parts, batch, withinSeconds);
}

async function* renewBatch(
  ctx: IssuerContext,
  parts: RenewParts,
  batch: readonly RenewRequest[],
  withinSeconds: number,
): AsyncGenerator<Renewed, void, undefined> {
  for (const domain of ctx.directories) {
    const keys = await readKeys(ctx, parts.findDirectory, domain);
    const due: Due[] = [];
    for (const request of batch) {
      const found = await findDue(ctx, parts.accounts, request, { domain, keys, withinSeconds });
      if ('outcome' in found) yield { account: request.account, directory: domain, ...found };
      else due.push(found);
    }
    if (due.length > 0) yield* signAll(ctx, parts, domain, due);
  }
}

async function findDue(
  ctx: IssuerContext,
  accounts: Accounts,
  request: RenewRequest,
  at: { readonly domain: string; readonly keys: DirectoryKeys; readonly withinSeconds: number },
): Promise<Due | { outcome: 'current' | 'none' } | { outcome: 'refused'; code: Code }> {
  const account = { id: request.account };
  const now = Math.floor(ctx.clock() / 1000);
  try {
    const identifier = parseIdentifier(request.identifier, request.region);
    const subject = attestedSubject(ctx, account, { directory: at.domain, identifier });
    const [row] = await findStanding(ctx.db, ctx.domain, subject, now);
    if (row === undefined) return { outcome: 'none' };
    if (whyDue(row, at.keys, now, at.withinSeconds) === undefined) return { outcome: 'current' };
    // A number may be somebody else's by now.
    const owned = await accounts.owns(account, identifier);
    return owned === undefined ? { outcome: 'refused', code: 'account-refused' } : { account, identifier, owned, row };
  } catch (error) {
    if (error instanceof WhereaboutsError) return { outcome: 'refused', code: error.code };
    throw error;
  }
}

async function* signAll(
  ctx: IssuerContext,
  { findDirectory }: RenewParts,
  domain: string,
  due: readonly Due[],
): AsyncGenerator<Renewed, void, undefined> {
  const directory = await findDirectory(domain);
  const { key, names } = await namesIn(
    ctx,
    directory,
    due.map(({ identifier }) => identifier),
  );
  for (const [place, { account, identifier, owned, row }] of due.entries()) {
    const name = names[place];
    if (name === undefined) throw new WhereaboutsError('internal-error', 'a name is missing');
    // The proof of possession it was given for still holds: for that key, and for no other.
    const { jkt } = readAttestation(await openForAccount(ctx, account, row));
    const attestation = await signAndKeep(ctx, account, { directory, identifier, key, name, jkt, owned });
    const pass = await givePass(ctx, directory, jkt);
    yield { account: account.id, directory: domain, outcome: 'renewed', attestation, pass };
  }
}
