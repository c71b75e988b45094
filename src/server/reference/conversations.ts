// Conversations for the directory's reference (§11.11).
import { z } from 'zod';
import { conversationReply } from '../../protocol/conversation/reply.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { conversationRequest, heartbeatRequest } from '../routes/conversations.ts';
import { JSON_TYPE, type Operation } from './operation.ts';
import { b64u32, inPath, NAME, TOKEN } from './shapes.ts';

const security = { scheme: 'client' } as const;
const codes = [
  'conversation-unknown',
  'credentials-invalid',
  'credentials-required',
  'peer-unreachable',
  'provider-unknown',
  'quota-exceeded',
  'token-invalid',
] as const;

const NETWORKS = ['alice.example', 'bob.example'];
const CONVERSATION = {
  plan: TOKEN,
  inputs: {
    id: NAME,
    terminals: NETWORKS,
    deny: [],
    down: [],
    networks: NETWORKS.map((id) => ({ id })),
    bridges: [
      { id: 'bob.example/alice', attachments: NETWORKS, openness: 10, lacks: 0, priority: 0, readers: ['bob.example'] },
    ],
  },
  own: [],
};

const id = inPath('id', b64u32, 'The conversation: 32 random octets, base64url.', NAME);
const plan = { description: 'The plan, and all it follows from.', schema: conversationReply, example: CONVERSATION };

export const CONVERSATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/conversations',
    id: 'changeConversation',
    clause: '11.11',
    summary: 'Open, join, leave or change a conversation',
    description:
      'By a network, for its own part. `epoch` is one more than the plan it was decided on; 409 `conversation-changed` says which `epoch` there is, and which `networks`.',
    security,
    body: {
      schema: conversationRequest,
      example: { id: NAME, epoch: 1, networks: NETWORKS },
      most: LIMITS.conversationRequestOctets,
    },
    replies: { 200: { ...plan, type: JSON_TYPE } },
    codes: [...codes, 'conversation-changed', 'conversation-refused'],
  },
  {
    method: 'get',
    path: '/v1/conversations/{id}',
    id: 'conversation',
    clause: '11.11',
    summary: 'The newest plan of a conversation',
    security,
    parameters: [id],
    replies: { 200: { ...plan, type: JSON_TYPE } },
    codes,
  },
  {
    method: 'get',
    path: '/v1/conversations/{id}/watch',
    id: 'watchConversation',
    clause: '11.11',
    summary: 'Every plan of a conversation as it is made',
    description: 'Server-sent events `plan`. Ends after 10 minutes, to be asked for again.',
    security,
    parameters: [id],
    replies: {
      200: {
        description: 'The stream.',
        type: 'text/event-stream',
        schema: z.string(),
        example: `event: plan\ndata: ${JSON.stringify(CONVERSATION)}\n\n`,
      },
    },
    codes,
  },
  {
    method: 'post',
    path: '/v1/conversations/{id}/heartbeat',
    id: 'heartbeat',
    clause: '11.11',
    summary: 'Bridges say that they are there',
    description: 'By who runs them, every 30 seconds.',
    security,
    parameters: [id],
    body: { schema: heartbeatRequest, example: { bridges: ['bob.example/alice'] }, most: LIMITS.requestOctets },
    replies: {
      200: {
        description: 'The epoch there is.',
        type: JSON_TYPE,
        schema: z.strictObject({ epoch: z.int().min(1) }),
        example: { epoch: 1 },
      },
    },
    codes: [...codes, 'conversation-refused'],
  },
];
