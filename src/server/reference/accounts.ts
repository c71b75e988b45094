// The directory's word on accounts that chains claim, for the reference.
import { z } from 'zod';
import { FAILED, UNREACHABLE } from '../../evidence/verdict.ts';
import { SERVICES } from '../../protocol/account.ts';
import { JSON_TYPE, type Operation } from './operation.ts';
import { b64u32, inPath, NAME, time } from './shapes.ts';

const reasons = [...Object.keys(FAILED), ...Object.keys(UNREACHABLE)];

const verdict = z.object({
  service: z.enum(Object.keys(SERVICES)),
  account: z.string(),
  where: z.string().exactOptional(),
  link: b64u32.meta({ description: 'The link that claims the account: what its marker names.' }),
  state: z.enum(['ok', 'failed', 'unreachable', 'revoked']),
  reason: z.enum(reasons).exactOptional(),
  checkedAt: time.exactOptional(),
  answer: z.enum(['ok', 'failed']).exactOptional(),
  answeredAt: time.exactOptional(),
  firstOkAt: time.exactOptional(),
  stale: z.literal(true).exactOptional(),
  rules: z.int().min(0),
  checker: z.string(),
});

export const ACCOUNTS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/chains/{id}/accounts',
    id: 'chainAccounts',
    clause: '9.3',
    summary: 'What the directory has seen of a chain’s accounts',
    description: 'Its own word: the log covers the links, not the verdicts. Empty where nothing is claimed.',
    parameters: [inPath('id', b64u32, 'The chain (§9.1).', NAME)],
    replies: {
      200: {
        description:
          'Every account, those given up in the last 30 days included; `unchecked` is the reason where nobody has looked yet.',
        type: JSON_TYPE,
        schema: z.object({ accounts: z.array(verdict) }),
        example: {
          accounts: [
            {
              service: 'dns',
              account: 'bob.example',
              link: NAME,
              state: 'ok',
              checkedAt: '2026-11-28T12:00:00Z',
              answeredAt: '2026-11-28T12:00:00Z',
              firstOkAt: '2026-11-01T12:00:00Z',
              rules: 1,
              checker: 'directory.example',
            },
            {
              service: 'hackernews',
              account: 'bob',
              link: NAME,
              state: 'unreachable',
              reason: 'unchecked',
              rules: 0,
              checker: 'directory.example',
            },
          ],
        },
      },
    },
    codes: [],
  },
];
