// Identity chains that a record cites (§9.4), for whoever asked for them: each fetched with its proof and replayed, and shown only where
// it names the record back. Fetching one tells the directory that somebody looks at this chain: never done unasked.
import { z } from 'zod';
import type { AnswerAccount, AnswerChain } from '../protocol/answer.ts';
import { isNameProof } from '../protocol/chain/names.ts';
import type { ChainAccount, ChainState } from '../protocol/chain/state.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { JudgedRecord } from '../protocol/judgement.ts';
import { LIMITS } from '../protocol/limits.ts';
import { formatB64u } from '../protocol/wire.ts';
import { parseReply } from './call.ts';
import { findChain } from './chain.ts';
import type { ClientContext } from './context.ts';
import type { Finding } from './look-up.ts';
import { waitAtMost } from './patience.ts';

/** By the holder of the record that cites them. */
export type CitedChains = ReadonlyMap<string, readonly AnswerChain[]>;

/** Reads what records cite; one object for a round, which reads no chain twice. */
export type ReadCited = (
  found: readonly { readonly domain: string; readonly finding: Finding | undefined }[],
) => Promise<CitedChains>;

/** How long an answer waits for chains, over its own deadline: what is not there by then is left out. */
const PATIENCE_MILLISECONDS = 3_000;

export function createCitedReader(context: ClientContext): ReadCited {
  const reading = new Map<string, Promise<ShownChain | undefined>>();
  const read = (domain: string, id: string) => {
    const key = `${domain} ${id}`;
    const chain = reading.get(key) ?? readChain(context, domain, id);
    reading.set(key, chain);
    return chain;
  };
  return async (found) => {
    const shown = new Map<string, readonly AnswerChain[]>();
    const all = found.flatMap(({ domain, finding }) =>
      (finding?.records ?? []).map(async (record) => {
        const seal = finding?.names?.find(({ name }) => formatB64u(name) === record.proof.sub)?.seal;
        if (seal === undefined) return;
        const chains = await Promise.all(citedBy(record).map((id) => read(domain, id)));
        const tied = chains.flatMap((one) =>
          one !== undefined && isTied(one.state, { domain, seal, holder: record.holder }) ? [one.shown] : [],
        );
        if (tied.length > 0) shown.set(record.holder, tied);
      }),
    );
    await waitAtMost(Promise.all(all), PATIENCE_MILLISECONDS);
    return new Map(shown);
  };
}

/** What nobody believed vouches for, and who does not want to be found, makes us fetch nothing. */
const citedBy = ({ identifier, routes, proof }: JudgedRecord): readonly string[] =>
  identifier === 'claimed' || routes.length === 0 ? [] : [...new Set(proof.claims)];

/** Anybody may cite anybody's chain: only its owner can have it name this record. */
function isTied(
  { names }: ChainState,
  { domain, seal, holder }: { readonly domain: string; readonly seal: Uint8Array; readonly holder: string },
): boolean {
  return names.some(({ directory, proof }) => directory === domain && isNameProof(proof, seal, holder));
}

interface ShownChain {
  readonly state: ChainState;
  readonly shown: AnswerChain;
}

/** Undefined where there is none, where it has ended, and where it could not be read or does not hold: nothing follows from it. */
async function readChain(context: ClientContext, domain: string, id: string): Promise<ShownChain | undefined> {
  try {
    const found = await findChain(context, domain, id);
    if (found === undefined || found.state.ended) return undefined;
    const { accounts } = found.state;
    const verdicts = accounts.length === 0 ? [] : await readVerdicts(context, domain, id);
    const shown = accounts.map((account) => showAccount(account, domain, verdicts));
    return { state: found.state, shown: { id, directory: domain, accounts: shown } };
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    return undefined;
  }
}

const state = z.enum(['ok', 'failed', 'unreachable']);
const reason = z.string().regex(/^[a-z]+(?:-[a-z]+)*$/);
const time = z.iso.datetime();

/** Members that are read: what else a directory says is not passed on. */
const verdict = z.object({
  link: z.string(),
  state: z.union([state, z.literal('revoked')]),
  reason: reason.exactOptional(),
  checkedAt: time.exactOptional(),
  answer: state.exactOptional(),
  answeredAt: time.exactOptional(),
  stale: z.literal(true).exactOptional(),
});

export type ReadVerdict = z.infer<typeof verdict>;

const accountsReply = z.object({ accounts: z.array(verdict) });

/** Verdicts of all accounts a chain ever claimed. */
const VERDICTS_OCTETS = LIMITS.chainOctets;

/** What a directory says of a chain's accounts: its own word, which no log covers (§9.3). */
export async function readVerdicts(
  context: ClientContext,
  domain: string,
  id: string,
): Promise<readonly ReadVerdict[]> {
  const until = context.clock() + PATIENCE_MILLISECONDS;
  const options = { until, maxOctets: VERDICTS_OCTETS };
  const octets = await context.directory(domain).call(`/v1/chains/${id}/accounts`, options);
  return parseReply(accountsReply, octets).accounts;
}

function showAccount(
  { service, account, where, link }: ChainAccount,
  checker: string,
  verdicts: readonly ReadVerdict[],
): AnswerAccount {
  const seen = verdicts.find((one) => one.link === link && one.state !== 'revoked');
  const claimed = { service, account, ...(where === undefined ? {} : { where }), checker };
  if (seen === undefined || seen.state === 'revoked') return { ...claimed, state: 'unreachable', reason: 'unchecked' };
  const { link: _link, state: said, ...rest } = seen;
  return { ...claimed, state: said, ...rest };
}
