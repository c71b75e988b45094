// The directory's API for the reference: evaluation, records, public reads, the log.
import { z } from 'zod';
import { LIMITS } from '../../protocol/limits.ts';
import { evaluateRequest } from '../routes/evaluate.ts';
import { depositRequest, withdrawalRequest } from '../routes/records.ts';
import { ACCOUNTS } from './accounts.ts';
import { CONVERSATIONS } from './conversations.ts';
import { CHAINS } from './chains.ts';
import { COMMON, DESCRIPTION } from './every-role.ts';
import { JSON_TYPE, OCTETS, TEXT, type Operation, type Reply } from './operation.ts';
import {
  b64u32,
  BUCKET,
  bucket,
  domain,
  HISTORY,
  hex32,
  history,
  inPath,
  inQuery,
  NAME,
  RECEIPT,
  receipt,
  TOKEN,
} from './shapes.ts';

const octets = (description: string): Reply => ({ description, type: OCTETS, headers: ['ETag'] });
const text = (description: string): Reply => ({ description, type: TEXT, schema: z.string() });
const unchanged: Reply = { description: 'The caller has it already (`If-None-Match`).', headers: ['ETag'] };

const name = inPath('name', b64u32, 'The blinded name (§3): 32 octets, base64url.', NAME);
const place = [
  inPath('d', z.int().min(0).max(32), 'The depth the newest epoch has; another one is `depth-changed`.', '4'),
  inPath('i', z.int().min(0), 'The bucket: the first d bits of the name as a number.', '3'),
];
const provider = inPath('domain', domain, 'A domain that has a description.', 'bob.example');

const EVALUATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/evaluate',
    id: 'evaluate',
    clause: '3',
    summary: 'Evaluate blinded identifiers',
    description:
      'RFC 9497, mode VOPRF, ristretto255-SHA512. The directory learns how many identifiers are asked about, and none of them. Quotas count elements.',
    security: { scheme: 'client', optional: true },
    body: {
      schema: evaluateRequest,
      example: { key: '061f2e546616c581', blinded: [NAME] },
      most: LIMITS.requestOctets,
    },
    replies: {
      200: {
        description: 'Evaluated elements in the order asked, and one proof for all of them.',
        type: JSON_TYPE,
        schema: z.object({
          key: z.string().regex(/^[0-9a-f]{16}$/),
          evaluated: z.array(b64u32),
          proof: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
        }),
        example: { key: '061f2e546616c581', evaluated: [NAME], proof: `${NAME}${NAME}` },
        headers: ['RateLimit', 'RateLimit-Policy'],
      },
    },
    codes: [
      'credentials-invalid',
      'credentials-required',
      'element-invalid',
      'issuer-refused',
      'key-unknown',
      'peer-unreachable',
      'provider-unknown',
      'quota-exceeded',
      'token-invalid',
    ],
  },
];

const RECORDS: readonly Operation[] = [
  {
    method: 'put',
    path: '/v1/records/{name}',
    id: 'deposit',
    clause: '5.2',
    summary: 'Deposit a sealed record',
    description: 'Answered once the record is in a signed epoch. Attestations are the only credentials.',
    parameters: [name],
    body: {
      schema: depositRequest,
      example: { sealed: 'AAAA', deposit: TOKEN, attestations: [TOKEN] },
      most: LIMITS.requestOctets,
    },
    replies: Object.fromEntries(
      [
        [200, 'Replaced, or there already.'],
        [201, 'A new record.'],
      ].map(([status, description]): [number, Reply] => [
        Number(status),
        {
          description: String(description),
          type: JSON_TYPE,
          schema: z.object({ digest: hex32, ...receipt.shape }),
          example: { digest: '00'.repeat(32), ...RECEIPT },
        },
      ]),
    ),
    codes: [
      'attestation-withdrawn',
      'description-invalid',
      'issuer-refused',
      'key-unknown',
      'name-full',
      'peer-unreachable',
      'provider-unknown',
      'quota-exceeded',
      'record-invalid',
      'record-stale',
      'token-invalid',
    ],
  },
  {
    method: 'post',
    path: '/v1/records/{name}/withdrawal',
    id: 'withdraw',
    clause: '5.2',
    summary: 'Withdraw a record',
    description: 'By the temporary key, or by the issuer of an attestation it rests on.',
    parameters: [name],
    body: { schema: withdrawalRequest, example: { withdrawal: TOKEN }, most: LIMITS.requestOctets },
    replies: {
      200: { description: 'It is gone; the receipt proves it.', type: JSON_TYPE, schema: receipt, example: RECEIPT },
    },
    codes: [
      'description-invalid',
      'issuer-refused',
      'peer-unreachable',
      'provider-unknown',
      'quota-exceeded',
      'record-stale',
      'record-unknown',
      'token-invalid',
    ],
  },
];

const READS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/buckets/{d}/{i}',
    id: 'bucket',
    clause: '6.5',
    summary: 'A bucket with its proof',
    description:
      'Whoever asks about one name reads the whole bucket it is in, about 64 names. Padded; never compressed.',
    parameters: place,
    replies: {
      200: { description: 'The bucket.', type: JSON_TYPE, schema: bucket, example: BUCKET, headers: ['ETag'] },
      304: unchanged,
    },
    codes: ['depth-changed'],
  },
  {
    method: 'get',
    path: '/v1/buckets/{d}/{i}/sealed',
    id: 'sealedBucket',
    clause: '6.5',
    summary: 'All sealed records of a bucket',
    parameters: place,
    replies: { 200: octets('The records in the order of the index, padded.'), 304: unchanged },
    codes: ['depth-changed'],
  },
  {
    method: 'get',
    path: '/v1/buckets/{d}/{i}/history',
    id: 'bucketHistory',
    clause: '6.7',
    summary: 'The changes of a bucket',
    parameters: [
      ...place,
      inQuery('from', z.int().min(0), 'The first change wanted, counted from 0.', '0'),
      inQuery(
        'era',
        z.int().min(0),
        'Of a depth that came back: the epoch that began the earlier time that is meant.',
        '0',
      ),
    ],
    replies: { 200: octets('Page of changes (§6.7).'), 304: unchanged },
    codes: ['depth-changed'],
  },
  {
    method: 'get',
    path: '/v1/sealed/{digest}',
    id: 'sealed',
    clause: '6.5',
    summary: 'One sealed record',
    description: 'Says which record is wanted: for auditors and caches. Look-ups read the whole bucket.',
    parameters: [inPath('digest', hex32, 'SHA-256 of the sealed octets.', '00'.repeat(32))],
    replies: { 200: octets('The sealed octets.'), 304: unchanged },
    codes: ['record-unknown'],
  },
  {
    method: 'get',
    path: '/v1/providers/{domain}',
    id: 'provider',
    clause: '8',
    summary: 'Another domain’s description, as fetched here',
    parameters: [provider],
    replies: {
      200: {
        description: 'The document as the domain served it.',
        type: JSON_TYPE,
        schema: z.looseObject({ version: z.literal(1), domain }),
        example: { version: 1, domain: 'bob.example' },
        headers: ['ETag', 'Cache-Status'],
      },
      304: unchanged,
    },
    codes: ['description-invalid', 'peer-unreachable', 'provider-unknown'],
  },
  {
    method: 'get',
    path: '/v1/providers/{domain}/history',
    id: 'providerHistory',
    clause: '8.3',
    summary: 'What changed in a description',
    parameters: [provider],
    replies: { 200: { description: 'Newest first.', type: JSON_TYPE, schema: history, example: HISTORY } },
    codes: ['provider-unknown'],
  },
];

const LOG: readonly Operation[] = [
  {
    method: 'get',
    path: '/log/checkpoint',
    id: 'checkpoint',
    clause: '6.3',
    summary: 'The newest checkpoint',
    replies: { 200: text('A C2SP tlog-checkpoint with the witnesses’ cosignatures.') },
  },
  {
    method: 'get',
    path: '/log/tile/{tile}',
    id: 'tile',
    clause: '6.3',
    summary: 'A tile of the log',
    parameters: [
      inPath('tile', z.string(), 'Level and index as c2sp.org/tlog-tiles writes them; may hold slashes.', '0/000.p/7'),
    ],
    replies: { 200: octets('Hashes, or entries.'), 304: unchanged },
  },
  {
    method: 'get',
    path: '/v1/epoch',
    id: 'epoch',
    clause: '6.5',
    summary: 'The newest epoch',
    replies: { 200: text('A bundle without a bucket: the epoch’s leaf, its inclusion, the checkpoint.') },
  },
  {
    method: 'get',
    path: '/v1/epochs/{n}/changes',
    id: 'changes',
    clause: '6.5',
    summary: 'What an epoch changed in the map',
    parameters: [inPath('n', z.int().min(0), 'The epoch.', '6')],
    replies: { 200: octets('96 octets for each change (§6.2).'), 304: unchanged },
  },
  {
    method: 'get',
    path: '/v1/config',
    id: 'config',
    clause: '6.3',
    summary: 'The configuration in force',
    replies: { 200: text('The text whose hash the epoch names: origin, suite, evaluation keys.') },
  },
  {
    method: 'get',
    path: '/v1/config/{hash}',
    id: 'configByHash',
    clause: '6.3',
    summary: 'A configuration by its hash',
    parameters: [inPath('hash', hex32, 'SHA-256 of the text.', '00'.repeat(32))],
    replies: { 200: text('The text.') },
  },
];

export const DIRECTORY: readonly Operation[] = [
  ...EVALUATIONS,
  ...RECORDS,
  ...CHAINS,
  ...READS,
  ...LOG,
  ...ACCOUNTS,
  ...CONVERSATIONS,
  DESCRIPTION,
  ...COMMON,
];
