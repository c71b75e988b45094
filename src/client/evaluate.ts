// Identifiers in, blinded names out, one directory at a time (§3): blind, have it evaluated, verify, derive. Shared by
// gatekeepers, persons and issuers; only the credentials differ. Which directory, and what for, is the caller's business.
import { z } from 'zod';
import { failAs, WhereaboutsError } from '../protocol/errors.ts';
import type { ConfigText } from '../protocol/config-text.ts';
import type { GroupSource } from '../protocol/group.ts';
import type { Identifier } from '../protocol/identifier.ts';
import { LIMITS } from '../protocol/limits.ts';
import { deriveName, type BlindedName } from '../protocol/name.ts';
import { finalize, type BlindState, type Evaluation, type Random } from '../protocol/oprf.ts';
import { signClientToken } from '../protocol/token/client-token.ts';
import type { SigningKey } from '../protocol/token/jws.ts';
import { formatB64u, parseB64u } from '../protocol/wire.ts';
import { createBlinding, type Blinding } from './blinding.ts';
import { call, parseReply, type CallParts } from './call.ts';
import type { Directory } from './directory.ts';

/** Who asks: a domain with its key, or a person with an issuer's pass (§4.6). */
export type Credentials = { readonly domain: string; readonly key: SigningKey } | { readonly pass: string };

export interface EvaluatorParts extends CallParts {
  readonly random: Random;
  readonly group: GroupSource;
  /** Without them only a directory in sandbox mode answers. */
  readonly credentials?: Credentials;
}

export interface EvaluateOptions {
  /** The moment (milliseconds) at which the answer is no longer waited for. */
  readonly until: number;
  /** For a registration: only under the key that is not being retired. */
  readonly registering?: boolean;
  /** Under what the directory lists now: what was remembered turned out to be old. */
  readonly fresh?: boolean;
  /** The identifiers, blinded: one blinding serves every directory that is asked the same question. */
  readonly blinding?: Blinding;
  /** Pseudonym of the end user asking, b64u, another one at each directory (§10). */
  readonly sub?: string;
}

/** The names of the identifiers asked for, in their order, under one key of the directory. */
export interface EvaluatedNames {
  readonly keyId: string;
  /** SHA-256 of the config text the key stands in: the answering bundle has to be of the same (§3). */
  readonly config: Uint8Array;
  /** Seconds since 1970: the key's announced end. */
  readonly until?: number;
  readonly names: readonly BlindedName[];
  /** What proves the names: the keys there were, and each batch as it was asked and answered. */
  readonly keys: ConfigText;
  readonly batches: readonly EvaluatedBatch[];
}

interface EvaluatedBatch {
  readonly state: BlindState;
  readonly answer: Evaluation;
}

export interface Evaluator {
  /** Names under every current key: a name is absent only if it is under each (§3). */
  names(
    directory: Directory,
    identifiers: readonly Identifier[],
    options: EvaluateOptions,
  ): Promise<readonly EvaluatedNames[]>;
}

type ConfigKey = ConfigText['keys'][number];

const evaluateReply = z.object({ key: z.string(), evaluated: z.array(z.string()), proof: z.string() });

/** An evaluation of 256 elements in b64u, with room. */
const REPLY_OCTETS = 32_768;

export function createEvaluator(parts: EvaluatorParts): Evaluator {
  return {
    names: async (directory, identifiers, options) => {
      if (identifiers.length === 0) return [];
      try {
        return await evaluateUnderAll(parts, directory, identifiers, options);
      } catch (error) {
        // A key was retired since the configuration was read: once more under the ones there are now.
        if (!(error instanceof WhereaboutsError) || error.code !== 'key-unknown') throw error;
        return await evaluateUnderAll(parts, directory, identifiers, { ...options, fresh: true });
      }
    },
  };
}

async function evaluateUnderAll(
  parts: EvaluatorParts,
  directory: Directory,
  identifiers: readonly Identifier[],
  options: EvaluateOptions,
): Promise<EvaluatedNames[]> {
  const { config, leaf } = await directory.head(options.until, { fresh: options.fresh === true });
  const now = parts.clock() / 1000;
  const keys = config.keys.filter(({ until }) =>
    options.registering === true ? until === undefined : until === undefined || until > now,
  );
  if (keys.length === 0) throw new WhereaboutsError('key-unknown', 'the directory lists no key in use');
  const blinding = options.blinding ?? createBlinding(parts, identifiers);
  const found: EvaluatedNames[] = [];
  for (const key of keys) {
    const names: BlindedName[] = [];
    const batches: EvaluatedBatch[] = [];
    for await (const state of blinding.batches()) {
      const evaluated = await evaluate(parts, directory, key, state, options);
      names.push(...evaluated.names);
      batches.push({ state, answer: evaluated.answer });
    }
    const until = key.until === undefined ? {} : { until: key.until };
    found.push({ keyId: key.id, config: leaf.config, ...until, names, keys: config, batches });
  }
  return found;
}

async function evaluate(
  parts: EvaluatorParts,
  directory: Directory,
  key: ConfigKey,
  state: BlindState,
  options: EvaluateOptions,
): Promise<{ names: BlindedName[]; answer: Evaluation }> {
  const api = await directory.api();
  const authorization = await authorize(parts, api, options.sub);
  const octets = await call(parts, {
    url: `${api}/v1/evaluate`,
    method: 'POST',
    body: { key: key.id, blinded: state.blinded.map(formatB64u) },
    maxOctets: REPLY_OCTETS,
    until: options.until,
    ...(authorization === undefined ? {} : { authorization }),
  });
  const reply = parseReply(evaluateReply, octets);
  const group = await parts.group(state.inputs.length);
  return await failAs('evaluation-invalid', 'the evaluation does not hold', () => {
    if (reply.key !== key.id) throw new WhereaboutsError('evaluation-invalid', 'under another key than asked for');
    const evaluated = reply.evaluated.map((text) => parseB64u(text, 32));
    const answer = { evaluated, proof: parseB64u(reply.proof, 64) };
    // finalize verifies the proof against the key of the configuration, never one that came with the answer (§3).
    return { names: finalize(group, state, key.publicKey, answer).map(deriveName), answer };
  });
}

/** A fresh token for each request: its `jti` is good for one (§10). */
export async function authorize(
  parts: Pick<EvaluatorParts, 'clock' | 'random' | 'credentials'>,
  api: string,
  sub?: string,
): Promise<string | undefined> {
  const { credentials } = parts;
  if (credentials === undefined) return undefined;
  if ('pass' in credentials) return `Bearer ${credentials.pass}`;
  const iat = Math.floor(parts.clock() / 1000);
  const claims = {
    iss: credentials.domain,
    aud: new URL(api).hostname,
    iat,
    exp: iat + LIMITS.clientTokenLifeSeconds,
    jti: formatB64u(parts.random(16)),
    ...(sub === undefined ? {} : { sub }),
  };
  return `Bearer ${await signClientToken(claims, credentials.key)}`;
}
