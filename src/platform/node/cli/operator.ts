// What an issuer's operator does, on the deployment's own keys and database, with no HTTP in between (§10). Loaded only when
// wanted: nobody else's command needs a database driver.
import { z } from 'zod';
import { failAsSync, WhereaboutsError } from '../../../protocol/errors.ts';
import { parseJson } from '../../../protocol/json.ts';
import { nobleGroup } from '../../../protocol/group-noble.ts';
import { readConfig, type Config } from '../../../server/config.ts';
import type { IssuerContext } from '../../../server/context.ts';
import { attest, type AttestRequest } from '../../../server/issuer/attest.ts';
import { createDirectories } from '../../../server/issuer/directories.ts';
import { listAttestations, withdrawAccount, type LedgerEntry } from '../../../server/issuer/ledger.ts';
import { giveNonce } from '../../../server/issuer/nonce.ts';
import { withdrawAttestation, type Withdrawn } from '../../../server/issuer/withdraw.ts';
import {
  listDue,
  renewAttestations,
  type DueEntry,
  type DueOptions,
  type Renewed,
  type RenewRequest,
} from '../../../server/issuer/renew.ts';
import { UNCOUNTED } from '../../../server/metrics.ts';
import { loadAccounts } from '../accounts-module.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { lazyGroup, WORTH_LOADING } from '../../sodium.ts';
import { openDatabase } from '../database.ts';
import { loadKeys } from '../keys-file.ts';
import { createLog } from '../log.ts';
import { openOutside } from '../outside.ts';
import { findFolders, readFileValues } from '../paths.ts';
import { issuerContext } from '../../../server/roles.ts';
import type { Terminal } from './program.ts';

/** Opens the configured issuer, does `work`, closes it again. */
async function asIssuer<T>(
  terminal: Terminal,
  options: { readonly config?: string },
  work: (ctx: IssuerContext, config: Config) => Promise<T>,
): Promise<T> {
  const folders = findFolders();
  const file = readFileValues(terminal.env, folders, options.config);
  const { config, secrets } = readConfig(terminal.env, file, folders);
  if (!config.roles.has('issuer')) throw new WhereaboutsError('config-invalid', 'WHEREABOUTS_ROLES: this is no issuer');
  const log = createLog('error');
  const keys = await loadKeys(nobleGroup, config.keys, secrets);
  const database = await openDatabase(config, secrets, log);
  const pending: Promise<void>[] = [];
  try {
    const world = {
      clock: systemClock,
      random: systemRandom,
      log,
      metrics: UNCOUNTED,
      later: (work: Promise<void>) => void pending.push(work),
    };
    const { fetch } = openOutside(config.network);
    const group = lazyGroup((reason) => log.warn('group-fallback', { reason }), WORTH_LOADING);
    return await work(issuerContext({ config, keys, database, fetch, world, group, extra: {} }), config);
  } finally {
    await Promise.allSettled(pending);
    await database.close();
  }
}

/** What opens the deployment. */
export interface Place {
  readonly config?: string;
}

/** A nonce for a proof of possession. */
export const nonceFor = (terminal: Terminal, place: Place, account: string): Promise<string> =>
  asIssuer(terminal, place, (ctx) => giveNonce(ctx, { id: account }));

/** An attestation on the operator's own word that the account owns the identifier. */
export const issueFor = (
  terminal: Terminal,
  place: Place,
  account: string,
  wanted: AttestRequest & { readonly address?: string | undefined; readonly amr?: readonly string[] | undefined },
): Promise<{ attestation: string; pass: string }> =>
  asIssuer(terminal, place, (ctx) => {
    const { address, amr, ...request } = wanted;
    const owned = { ...(amr === undefined ? {} : { amr }), ...(address === undefined ? {} : { address }) };
    const accounts = { authenticate: async () => ({ id: account }), owns: async () => owned };
    return attest(ctx, { accounts, findDirectory: createDirectories(ctx) }, { id: account }, request);
  });

/** Attestations that have not ended, of all accounts or of one. */
export const listFor = (terminal: Terminal, place: Place, account: string | undefined): Promise<LedgerEntry[]> =>
  asIssuer(terminal, place, (ctx) => listAttestations(ctx, account === undefined ? undefined : { id: account }));

/** Withdraws one attestation of the account, or all of them; how many, and what became of the one's record. */
export const withdrawFor = (
  terminal: Terminal,
  place: Place,
  account: string,
  jti: string | undefined,
): Promise<{ withdrawn: number; records?: Withdrawn }> =>
  asIssuer(terminal, place, async (ctx) => {
    if (jti === undefined) return { withdrawn: await withdrawAccount(ctx, { id: account }) };
    return { withdrawn: 1, records: await withdrawAttestation(ctx, { id: account }, jti) };
  });

/** Attestations that have to be renewed. */
export const dueFor = (terminal: Terminal, place: Place, options: DueOptions): Promise<DueEntry[]> =>
  asIssuer(terminal, place, (ctx) => listDue(ctx, createDirectories(ctx), options));

/** Renews what lines of JSON ask for, `{"account": …, "identifier": …}`; the accounts module says what is whose. */
export const renewFor = (
  terminal: Terminal,
  place: Place,
  lines: AsyncIterable<string>,
  options: Pick<DueOptions, 'withinSeconds'>,
  tell: (renewed: Renewed) => void,
): Promise<void> =>
  asIssuer(terminal, place, async (ctx, config) => {
    const accounts = await loadAccounts(config.issuer.accounts ?? '');
    const parts = { accounts, findDirectory: createDirectories(ctx) };
    for await (const renewed of renewAttestations(ctx, parts, readRequests(lines), options)) tell(renewed);
  });

const renewRequest = z.strictObject({
  account: z.string().min(1),
  identifier: z.string(),
  region: z.string().optional(),
});

async function* readRequests(lines: AsyncIterable<string>): AsyncGenerator<RenewRequest> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    // The line itself holds somebody's identifier: its number has to do.
    yield failAsSync('request-invalid', `line ${number} is not {"account": …, "identifier": …}`, () =>
      renewRequest.parse(parseJson(line)),
    );
  }
}
