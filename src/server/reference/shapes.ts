// Shapes of replies that several operations share, with an example of each.
import { z } from 'zod';
import { isDomain } from '../../protocol/domain.ts';
import type { DescriptionHistory } from '../../client/description-history.ts';
import type { Parameter } from './operation.ts';

export const domain = z.string().refine(isDomain).meta({ description: 'A domain in lower case, IDNA A-labels.' });
export const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
export const time = z.iso.datetime().meta({ description: 'RFC 3339, whole seconds, UTC.' });

/** 32 octets, base64url without padding. */
export const b64u32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

export const token = z.string().meta({ description: 'A compact JWS (RFC 7515).' });

export const NAME = '4oc4mBmKJBxyqA2dGEHTVDDOMGPqWqZdyVRS4vUHgjc';
export const TOKEN = 'eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiIifQ.AAAA';

const BUNDLE = 'c2sp.org/tlog-proof@v1\nextra d2hlcmVhYm91dHMvbWFwcHJvb2YvdjEABAAA\nindex 6\n…';

/** What proves a change: the bucket of the name and its bundle (§6.4). */
export const receipt = z
  .object({
    epoch: z.int().min(0),
    index: z.string().meta({ description: 'The bucket’s entries (§6.1), base64url.' }),
    bundle: z.string().meta({ description: 'A C2SP tlog-proof over the log, with the map’s path (§6.4).' }),
  })
  .meta({ description: 'Proof that the change is in a signed epoch.' });

export const RECEIPT = { epoch: 6, index: 'AAAA', bundle: BUNDLE };

export const bucket = z.strictObject({
  index: receipt.shape.index,
  bundle: receipt.shape.bundle,
  pad: z.string().meta({ description: 'Makes every reply a multiple of 4,096 octets.' }),
});

export const BUCKET = { index: '', bundle: BUNDLE, pad: '0000' };

export const alive = z.object({ status: z.literal('ok') });

export const history: z.ZodType<DescriptionHistory> = z.object({
  domain,
  asOf: time.exactOptional(),
  stale: z.boolean(),
  entries: z.array(
    z.object({
      at: time,
      digest: hex32,
      seq: z.int().exactOptional(),
      changes: z.array(
        z.object({
          member: z.string(),
          subject: z.string().exactOptional(),
          from: z.string().exactOptional(),
          to: z.string().exactOptional(),
          effect: z.enum(['worse', 'better', 'none']),
        }),
      ),
    }),
  ),
});

export const HISTORY = {
  domain: 'bob.example',
  asOf: '2026-11-28T12:00:00Z',
  stale: false,
  entries: [
    {
      at: '2026-11-28T12:00:00Z',
      digest: '5b0c9e1f0f6c1d6a9f1c0b7c6a3f9e2d5b0c9e1f0f6c1d6a9f1c0b7c6a3f9e2d',
      seq: 3,
      changes: [
        { member: 'encryption', subject: 'matrix', from: 'end-to-end', to: 're-encrypted-by-bridge', effect: 'worse' },
      ],
    },
  ],
};

export const inPath = (name: string, schema: z.ZodType, description: string, example: string): Parameter => ({
  name,
  in: 'path',
  schema,
  description,
  example,
  required: true,
});

export const inQuery = (name: string, schema: z.ZodType, description: string, example: string): Parameter => ({
  name,
  in: 'query',
  schema,
  description,
  example,
});
