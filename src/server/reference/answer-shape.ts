// The answer to "where is Bob?" (§7) as a shape: what protocol/answer.ts has as types, for the reference and for tests of replies.
import { z } from 'zod';
import type { AccountAnswer } from '../../client/verify.ts';
import type { Network } from '../../client/networks.ts';
import { claimedAccount } from '../../protocol/account-evidence.ts';
import { isService, type Service } from '../../protocol/account.ts';
import type {
  Alternative,
  Answer,
  AnswerChain,
  AnswerRoute,
  DirectoryReport,
  Provider,
} from '../../protocol/answer.ts';
import type { Connect, Hop } from '../../protocol/bridge.ts';
import { CHECKS, type Check } from '../../protocol/checks.ts';
import type { Encryption, Reason } from '../../protocol/encryption.ts';
import { CODES, type Code } from '../../protocol/errors.ts';
import { ASSURANCES } from '../../protocol/judgement.ts';
import { LANGUAGES, type ReasonCode } from '../../protocol/language/messages.ts';
import { LEVELS } from '../../protocol/levels.ts';
import { domain, time } from './shapes.ts';

const codes: readonly Code[] = Object.keys(CODES).filter((code): code is Code => Object.hasOwn(CODES, code));
const code = z.enum(codes);

const reason: z.ZodType<Reason> = z.object({
  code: z.custom<ReasonCode>((value) => typeof value === 'string').meta({ type: 'string' }),
  about: z.array(z.string()),
  text: z.string(),
});

const encryption: z.ZodType<Encryption> = z
  .object({
    level: z.enum(LEVELS),
    readers: z.array(domain).meta({ description: 'Whose operators could read the conversation.' }),
    verdict: z.enum(['private', 'unconfirmed', 'readable', 'unreachable']),
    reasons: z.array(reason),
    explanation: z.string(),
    warning: z.string().nullable(),
  })
  .meta({ description: 'How private the conversation would be, with the words for whoever is about to write.' });

const placement = z.enum(['server', 'client', 'local', 'p2p']);

const hop: z.ZodType<Hop> = z.object({
  id: z.string().exactOptional(),
  side: z.enum(['asker', 'recipient']),
  endpoint: z.string().exactOptional(),
  placement,
  encryption: z.enum(['native', 're-encrypted', 'none']),
  operator: z.string().exactOptional(),
  delegation: z.enum(['confirmed', 'unconfirmed']).exactOptional(),
  health: z.enum(['up', 'down']).exactOptional(),
});

const connect: z.ZodType<Connect | null> = z
  .object({
    protocol: z.string(),
    endpoint: z.string().exactOptional(),
    source: z.enum(['native', 'override', 'advertised', 'common']),
    placement: z.enum(['native', ...placement.options]),
    operator: z.string().exactOptional(),
    bridges: z.array(hop),
  })
  .nullable()
  .meta({ description: 'How to connect; null where there is no way from here.' });

const provider: z.ZodType<Provider> = z.object({
  domain,
  name: z.string().exactOptional(),
  logo: z.string().exactOptional(),
  stale: z.literal(true).exactOptional(),
});

const accountState = z.enum(['ok', 'failed', 'unreachable']);

const chain: z.ZodType<AnswerChain> = z.object({
  id: z.string(),
  directory: domain,
  accounts: z.array(
    z.object({
      service: z.custom<Service>((value) => typeof value === 'string' && isService(value)).meta({ type: 'string' }),
      account: z.string(),
      where: z.string().exactOptional(),
      state: accountState,
      reason: z.string().exactOptional(),
      checkedAt: time.exactOptional(),
      answer: accountState.exactOptional(),
      answeredAt: time.exactOptional(),
      stale: z.literal(true).exactOptional(),
      checker: domain,
    }),
  ),
});

const route: z.ZodType<AnswerRoute> = z.object({
  provider,
  address: z.string().exactOptional(),
  assurance: z.enum(ASSURANCES),
  issuers: z.array(domain),
  auto: z.boolean(),
  contested: z.boolean(),
  since: time,
  connect,
  encryption,
  features: z.array(z.string()),
  expires: time,
  chosen: z.literal(true).exactOptional(),
  chains: z.array(chain).exactOptional(),
});

const outcome = z.enum(['found', 'absent', 'unknown']);

const network = {
  domain,
  name: z.string().exactOptional(),
  stale: z.literal(true).exactOptional(),
  connect,
  encryption,
};

const alternative: z.ZodType<Alternative> = z.object({
  ...network,
  added: z.literal(true).exactOptional(),
  available: z.literal(false).exactOptional(),
  exists: outcome.exactOptional(),
});

export const networkReply: z.ZodType<Network> = z.object({ ...network, directory: z.boolean() });

const check: z.ZodType<Check> = z.object({
  name: z.enum(CHECKS),
  outcome: z.enum(['held', 'failed', 'not-reached']),
  facts: z.record(z.string(), z.union([z.number(), z.string()])).exactOptional(),
  code: code.exactOptional(),
});

const report: z.ZodType<DirectoryReport> = z.object({
  domain,
  outcome,
  epoch: z.int().exactOptional(),
  asOf: time.exactOptional(),
  witnesses: z.int().exactOptional(),
  code: code.exactOptional(),
  checks: z.array(check).exactOptional(),
});

/** No member but these: what the type has and this lacks shows as soon as a real answer is held against it. */
export const answer: z.ZodType<Answer> = z.object({
  id: z.string(),
  language: z.enum(LANGUAGES),
  outcome: z.enum(['found', 'absent', 'opted-out', 'unknown']),
  contested: z.boolean(),
  routes: z.array(route),
  alternatives: z.array(alternative),
  directories: z.array(report),
});

const b64u = z.string().meta({ description: 'Base64url without padding (RFC 4648 §5).' });

/** The answer to "is this really Charlie?" (§11.10). */
export const accountAnswer: z.ZodType<AccountAnswer> = z.object({
  id: z.string(),
  claims: claimedAccount,
  verdict: z.enum(['match', 'mismatch', 'unknown']),
  assurance: z.enum(ASSURANCES).exactOptional(),
  contested: z.boolean(),
  directories: z.array(report),
  evidence: z
    .object({
      version: z.literal(1),
      id: z.string(),
      claims: claimedAccount,
      checkedAt: z.int(),
      directories: z.array(
        z.object({
          domain,
          config: z.string(),
          readings: z.array(
            z.object({
              key: z.string(),
              blind: b64u,
              evaluated: b64u,
              proof: b64u,
              index: b64u,
              bundle: z.string(),
              sealed: z.array(b64u),
            }),
          ),
        }),
      ),
    })
    .nullable()
    .meta({ description: 'What a third party checks offline; null where nothing is known.' }),
});
