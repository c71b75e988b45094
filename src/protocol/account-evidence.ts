// "Is this really Charlie?" (§11.10): does the owner of an identifier name this account as his, and what proves it to others. A third
// party checks it without asking anybody: evaluation, bundle, records, attestations. Whom it believes is its own policy.
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { mergeAnswers, type DirectoryFinding, type DirectoryReport, type MergedAnswer } from './answer.ts';
import { parseConfigText, type ConfigKey } from './config-text.ts';
import { failAs, failAsSync, WhereaboutsError } from './errors.ts';
import type { Group } from './group.ts';
import { parseIdentifier, type Identifier } from './identifier.ts';
import {
  judgeName,
  judgeRecords,
  supersede,
  type Assurance,
  type JudgedRecord,
  type TrustPolicy,
} from './judgement.ts';
import { LIMITS } from './limits.ts';
import { parseMapProof } from './log/bundle.ts';
import { parseEpochLeaf } from './log/leaf-text.ts';
import { parseTlogProof } from './log/tlog-proof.ts';
import { verifyBundle } from './log/verify-bundle.ts';
import type { LogPolicy } from './log/verify-epoch.ts';
import { deriveName, type BlindedName } from './name.ts';
import { blindWith, finalize } from './oprf.ts';
import { domain, text } from './token/claims.ts';
import type { FindKeys } from './token/jws.ts';
import { parseB64u, utf8 } from './wire.ts';

/** An account as somebody claims it: the network, and the address there as that network spells it. */
export interface ClaimedAccount {
  readonly provider: string;
  readonly address: string;
}

/** What the identifier's owner says of the account; never `mismatch` where he was not heard. */
export interface AccountJudgement {
  readonly verdict: 'match' | 'mismatch' | 'unknown';
  /** Of the route that names the account. */
  readonly assurance?: Assurance;
  /** Two are at odds over the identifier: then nothing is said. */
  readonly contested: boolean;
  readonly directories: readonly DirectoryReport[];
}

/** One name as it was evaluated and read. All b64u but `key` (its id) and `bundle`; `sealed`: those under the name, in order. */
export interface NameReading {
  readonly key: string;
  readonly blind: string;
  readonly evaluated: string;
  readonly proof: string;
  readonly index: string;
  readonly bundle: string;
  readonly sealed: readonly string[];
}

export interface AccountEvidence {
  readonly version: 1;
  readonly id: string;
  readonly claims: ClaimedAccount;
  /** Seconds since 1970: everything is judged as of then. */
  readonly checkedAt: number;
  /** Those that were read: the configuration's text, and one reading under each of its keys. */
  readonly directories: readonly {
    readonly domain: string;
    readonly config: string;
    readonly readings: readonly NameReading[];
  }[];
}

export const claimedAccount = z.strictObject({ provider: domain, address: text.max(LIMITS.accountOctets) });

const b64u = z.string().max(LIMITS.bundleOctets);

const form: z.ZodType<AccountEvidence> = z.strictObject({
  version: z.literal(1),
  id: z.string().max(LIMITS.accountOctets),
  claims: claimedAccount,
  checkedAt: z.int().min(0),
  directories: z
    .array(
      z.strictObject({
        domain,
        config: z.string().max(LIMITS.requestOctets),
        readings: z
          .array(
            z.strictObject({
              key: z.string().max(16),
              blind: b64u,
              evaluated: b64u,
              proof: b64u,
              index: b64u,
              bundle: b64u,
              sealed: z.array(b64u).max(LIMITS.nameRecords),
            }),
          )
          .min(1)
          .max(2),
      }),
    )
    .min(1)
    .max(LIMITS.whereDomains)
    .refine((list) => new Set(list.map((one) => one.domain)).size === list.length),
});

/** Reads evidence; `evidence-invalid` for anything that is none. */
export function parseAccountEvidence(value: unknown): AccountEvidence {
  const result = form.safeParse(value);
  if (!result.success) throw new WhereaboutsError('evidence-invalid', 'not evidence about an account');
  return result.data;
}

/** What the merged answer of all directories says about an account. The address counts as it is spelled, as in §4.1. */
export function judgeAccount(
  { outcome, contested, routes, directories }: MergedAnswer,
  { provider, address }: ClaimedAccount,
): AccountJudgement {
  const unknown = { verdict: 'unknown', contested, directories } as const;
  // Who of the two is the owner is not for us to say.
  if (contested || outcome !== 'found') return unknown;
  const own = routes.map(({ route, assurance }) => ({ route, assurance })).filter((one) => one.assurance !== 'claimed');
  const there = own.filter(({ route }) => route.provider === provider);
  const named = there.find(({ route }) => route.address === address);
  if (named !== undefined) return { ...unknown, verdict: 'match', assurance: named.assurance };
  // He is on that network, under an address he does not tell; or a directory was not heard.
  const silent = own.length === 0 || there.some(({ route }) => route.address === undefined);
  if (silent || directories.some((one) => one.outcome === 'unknown')) return unknown;
  return { ...unknown, verdict: 'mismatch' };
}

/** What the one who checks goes by: nothing of it comes from the evidence. */
export interface EvidenceParts {
  /** Seconds since 1970. */
  readonly now: number;
  /** All whose word is wanted: one that the evidence leaves out was not heard. */
  readonly directories: readonly string[];
  readonly log: (directory: string) => Promise<LogPolicy>;
  readonly trust: TrustPolicy;
  readonly keys: FindKeys;
  readonly group: Group;
  readonly sandbox: boolean;
}

/** Judges evidence as of when it was gathered; `evidence-invalid` where a part of it does not hold, with its cause. */
export async function judgeEvidence(evidence: AccountEvidence, parts: EvidenceParts): Promise<AccountJudgement> {
  const { checkedAt, claims } = evidence;
  const id = failAsSync('evidence-invalid', 'not about an identifier', () => parseIdentifier(evidence.id));
  if (id !== evidence.id || checkedAt > parts.now + LIMITS.clockSkewSeconds)
    throw new WhereaboutsError('evidence-invalid', 'not about an identifier, or from the future');
  const findings: DirectoryFinding[] = [];
  for (const domain of new Set(parts.directories)) {
    const shown = evidence.directories.find((one) => one.domain === domain);
    if (shown === undefined) findings.push({ domain, code: 'peer-unreachable' });
    else
      findings.push(
        await failAs('evidence-invalid', 'the evidence does not hold', () => judgeShown(id, shown, checkedAt, parts)),
      );
  }
  return judgeAccount(mergeAnswers(findings), claims);
}

type Shown = AccountEvidence['directories'][number];

async function judgeShown(
  id: Identifier,
  { domain: aud, config, readings }: Shown,
  now: number,
  parts: EvidenceParts,
): Promise<DirectoryFinding> {
  const { keys } = parseConfigText(config);
  // Under a key left out there may be what says otherwise (§3).
  const inUse = keys.filter(({ until }) => until === undefined || until > now);
  if (readings.length !== inUse.length) throw new WhereaboutsError('evidence-invalid', 'a key without its reading');
  const records: JudgedRecord[] = [];
  const proofs: { readonly epoch: number; readonly asOf: number; readonly witnesses: number }[] = [];
  let complete = true;
  for (const key of inUse) {
    const reading = readings.find((one) => one.key === key.id);
    if (reading === undefined) throw new WhereaboutsError('evidence-invalid', 'a key without its reading');
    const name = evaluateName(parts.group, id, key, reading);
    const { index, bundle } = reading;
    const { extra = new Uint8Array(0) } = parseTlogProof(bundle);
    const { depth } = parseEpochLeaf(parseMapProof(extra).logLeaf);
    const asked = { name: name.name, depth, config: sha256(utf8(config)), now };
    const { leaf, witnesses, entries } = await verifyBundle({ index, bundle }, asked, await parts.log(aud));
    if (entries.length !== reading.sealed.length)
      throw new WhereaboutsError('evidence-invalid', 'not all records of the name');
    const filed = entries.map((entry, at) => ({ entry, sealed: parseB64u(reading.sealed[at] ?? '') }));
    const { trust, keys: find, sandbox } = parts;
    const judged = await judgeRecords(filed, { id, name, aud, now, trust, keys: find, sandbox });
    records.push(...judged.records);
    complete &&= judged.complete;
    proofs.push({ epoch: leaf.epoch, asOf: leaf.time, witnesses: witnesses.length });
  }
  const [oldest] = proofs.toSorted((a, b) => a.epoch - b.epoch);
  const judged = judgeName(supersede(records), { unverified: false });
  return { domain: aud, judged, ...oldest, ...(complete ? {} : { code: 'provider-unknown' }) };
}

/** The name that follows from the evaluation shown: made from this identifier, under this key and no other (§3). */
function evaluateName(group: Group, id: Identifier, { publicKey }: ConfigKey, reading: NameReading): BlindedName {
  const blind = parseB64u(reading.blind, 32);
  if (!group.scalar.isValid(blind)) throw new WhereaboutsError('evidence-invalid', 'not a blind');
  const state = blindWith(group, [utf8(id)], [blind]);
  const answer = { evaluated: [parseB64u(reading.evaluated, 32)], proof: parseB64u(reading.proof, 64) };
  const [output] = finalize(group, state, publicKey, answer);
  if (output === undefined) throw new WhereaboutsError('evidence-invalid', 'nothing was evaluated');
  return deriveName(output);
}
