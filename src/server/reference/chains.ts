// Identity chains for the reference (§9.6).
import { z } from 'zod';
import { LIMITS } from '../../protocol/limits.ts';
import { linkRequest } from '../routes/chains.ts';
import { JSON_TYPE, type Operation, type Reply } from './operation.ts';
import { b64u32, inPath, inQuery, NAME, RECEIPT, receipt, TOKEN } from './shapes.ts';

const id = inPath('id', b64u32, 'The chain: SHA-256 of its first link, base64url.', NAME);
const body = { schema: linkRequest, example: { link: TOKEN }, most: LIMITS.requestOctets };
const unchanged: Reply = { description: 'The caller has it already (`If-None-Match`).', headers: ['ETag'] };

const appended = (description: string): Reply => ({
  description,
  type: JSON_TYPE,
  schema: z.object({ id: b64u32, seq: z.int().min(0), ...receipt.shape }),
  example: { id: NAME, seq: 0, ...RECEIPT },
});

const CLAIMING = { id: NAME, link: NAME, claimedAt: '2026-09-21T14:13:20Z' };

export const CHAINS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/chains',
    id: 'startChain',
    clause: '9.6',
    summary: 'Begin an identity chain',
    description: 'Answered once the link is in a signed epoch. The link itself is the only credential.',
    body,
    replies: { 200: appended('There already.'), 201: appended('A new chain.') },
    codes: ['chain-invalid', 'name-full', 'quota-exceeded'],
  },
  {
    method: 'get',
    path: '/v1/chains',
    id: 'searchChains',
    clause: '9.6',
    summary: 'Chains that claim an account',
    description: 'What is claimed; whether it is so is another question (§9.3). A page at a time, and not proven.',
    parameters: [
      { ...inQuery('account', z.string(), 'Service and account.', 'github:bob'), required: true },
      inQuery('after', b64u32, 'What `next` of the page before says.', NAME),
    ],
    replies: {
      200: {
        description: 'A page.',
        type: JSON_TYPE,
        schema: z.object({
          service: z.string(),
          account: z.string(),
          chains: z.array(z.object({ id: b64u32, link: b64u32, where: z.string().optional(), claimedAt: z.string() })),
          next: b64u32.optional(),
        }),
        example: { service: 'hackernews', account: 'bob', chains: [CLAIMING] },
        headers: ['ETag'],
      },
      304: unchanged,
    },
    codes: ['account-invalid'],
  },
  {
    method: 'get',
    path: '/v1/chains/{id}',
    id: 'chain',
    clause: '9.6',
    summary: 'A whole chain with its proof',
    parameters: [id],
    replies: {
      200: {
        description: 'A line of proof `{epoch, index, bundle}`, then a line for each link, a JSON string.',
        type: 'application/x-ndjson',
        headers: ['ETag'],
      },
      304: unchanged,
    },
    codes: ['chain-unknown'],
  },
  {
    method: 'post',
    path: '/v1/chains/{id}',
    id: 'appendLink',
    clause: '9.6',
    summary: 'Append a link to a chain',
    description: 'Under compare-and-swap: `chain-stale` unless the link names the newest one.',
    parameters: [id],
    body,
    replies: { 200: appended('There already.'), 201: appended('Appended.') },
    codes: ['chain-invalid', 'chain-stale', 'chain-unknown', 'quota-exceeded'],
  },
  {
    method: 'get',
    path: '/v1/chains/{id}/did.json',
    id: 'chainDid',
    clause: '9.8',
    summary: 'A chain as a DID document',
    parameters: [id],
    replies: {
      200: { description: 'The document.', type: 'application/did+ld+json', headers: ['ETag'] },
      304: unchanged,
    },
    codes: ['chain-ended', 'chain-unknown'],
  },
];
