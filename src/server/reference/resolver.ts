// The resolver's API for the reference: the gatekeeper's own question, and networks people add.
import { z } from 'zod';
import { LIMITS } from '../../protocol/limits.ts';
import { networkRequest } from '../resolver/networks.ts';
import { verifyRequest } from '../resolver/verify.ts';
import { watchRequest, whereRequest } from '../resolver/where.ts';
import { accountAnswer, answer, networkReply } from './answer-shape.ts';
import { COMMON } from './every-role.ts';
import { LOOKUPS } from './lookups.ts';
import { JSON_TYPE, type Operation } from './operation.ts';
import { domain, HISTORY, history, inPath } from './shapes.ts';

const security = { scheme: 'resolver' } as const;
const credentials = ['credentials-invalid', 'credentials-required', 'host-refused'] as const;

const ENCRYPTION = {
  level: 'end-to-end',
  readers: [],
  verdict: 'private',
  reasons: [{ code: 'network-encrypts', about: ['bob.example'], text: 'bob.example encrypts from end to end.' }],
  explanation: 'Only the two of you can read this conversation.',
  warning: null,
};
const CONNECT = { protocol: 'matrix', source: 'native', placement: 'native', bridges: [] };

const ANSWER = {
  id: 'tel:+442079460321',
  language: 'en',
  outcome: 'found',
  contested: false,
  routes: [
    {
      provider: { domain: 'bob.example', name: 'BobChat' },
      address: '@bob:bob.example',
      assurance: 'confirmed',
      issuers: ['bob.example'],
      auto: true,
      contested: false,
      since: '2026-11-28T12:00:00Z',
      connect: CONNECT,
      encryption: ENCRYPTION,
      features: ['text', 'file'],
      expires: '2027-11-28T12:00:00Z',
    },
  ],
  alternatives: [],
  directories: [
    { domain: 'directory.example', outcome: 'found', epoch: 6, asOf: '2026-11-28T12:00:00Z', witnesses: 2 },
  ],
};

const CLAIMS = { provider: 'bob.example', address: '@bob:bob.example' };

const ACCOUNT_ANSWER = {
  id: ANSWER.id,
  claims: CLAIMS,
  verdict: 'match',
  assurance: 'confirmed',
  contested: false,
  directories: ANSWER.directories,
  evidence: null,
};

export const RESOLVER: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/where',
    id: 'where',
    clause: '7',
    summary: 'Where is Bob?',
    description:
      'Exactly one of `id` and `ids`. With `ids` the answers come as NDJSON, one line each in the order asked; a line is an answer or `{"id", "outcome": "invalid"}`.',
    security,
    body: { schema: whereRequest, example: { id: '+44 20 7946 0321' }, most: LIMITS.whereRequestOctets },
    replies: {
      200: { description: 'The answer, every part of it checked.', type: JSON_TYPE, schema: answer, example: ANSWER },
    },
    codes: [...credentials, 'identifier-invalid'],
  },
  {
    method: 'post',
    path: '/v1/where/watch',
    id: 'watch',
    clause: '7',
    summary: 'Where is Bob, and tell me when that changes',
    description: 'Server-sent events: `answer` once, then a `change` each time. A comment goes out every 15 s.',
    security,
    body: { schema: watchRequest, example: { id: '+44 20 7946 0321' }, most: LIMITS.requestOctets },
    replies: {
      200: {
        description: 'The stream.',
        type: 'text/event-stream',
        schema: z.string(),
        example: `event: answer\ndata: ${JSON.stringify(ANSWER)}\n\n`,
      },
    },
    codes: [...credentials, 'identifier-invalid'],
  },
  {
    method: 'post',
    path: '/v1/verify',
    id: 'verify',
    clause: '11.10',
    summary: 'Is this really Charlie?',
    description:
      'Does the owner of `id` name the account as his? With `items` instead of `id` and `claims` the answers come as NDJSON, one line each in the order asked; a line is an answer or `{"id": null, "verdict": "invalid", "index", "code"}`.',
    security,
    body: {
      schema: verifyRequest,
      example: { id: '+44 20 7946 0321', claims: CLAIMS },
      most: LIMITS.whereRequestOctets,
    },
    replies: {
      200: {
        description: 'The verdict, and what proves it to others.',
        type: JSON_TYPE,
        schema: accountAnswer,
        example: ACCOUNT_ANSWER,
      },
    },
    codes: [...credentials, 'identifier-invalid'],
  },
  {
    method: 'post',
    path: '/v1/networks',
    id: 'addNetwork',
    clause: '7',
    summary: 'Add a network by its domain',
    security,
    body: { schema: networkRequest, example: { domain: 'charlie.example' }, most: LIMITS.requestOctets },
    replies: {
      200: {
        description: 'What is known of it, and how it is reached.',
        type: JSON_TYPE,
        schema: networkReply,
        example: {
          domain: 'charlie.example',
          name: 'CharlieChat',
          directory: false,
          connect: CONNECT,
          encryption: ENCRYPTION,
        },
      },
    },
    codes: [
      ...credentials,
      'description-invalid',
      'description-stale',
      'peer-unreachable',
      'provider-unknown',
      'url-refused',
    ],
  },
  {
    method: 'get',
    path: '/v1/providers/{domain}/history',
    id: 'providerHistory',
    clause: '8.3',
    summary: 'What changed in a description',
    security,
    parameters: [inPath('domain', domain, 'A domain whose description was seen here.', 'bob.example')],
    replies: { 200: { description: 'Newest first.', type: JSON_TYPE, schema: history, example: HISTORY } },
    codes: [...credentials, 'provider-unknown'],
  },
  ...LOOKUPS,
  ...COMMON,
];
