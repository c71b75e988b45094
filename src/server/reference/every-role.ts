// What every role serves: its description, its health, this reference.
import { z } from 'zod';
import { JSON_TYPE, type Operation } from './operation.ts';
import { alive } from './shapes.ts';

export const COMMON: readonly Operation[] = [
  {
    method: 'get',
    path: '/healthz',
    id: 'health',
    clause: '13',
    summary: 'Whether the process runs',
    replies: { 200: { description: 'It does.', type: JSON_TYPE, schema: alive, example: { status: 'ok' } } },
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'readiness',
    clause: '13',
    summary: 'Whether it can do its work',
    replies: { 200: { description: 'It can.', type: JSON_TYPE, schema: alive, example: { status: 'ok' } } },
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'reference',
    clause: '13',
    summary: 'This document',
    replies: {
      200: {
        description: 'OpenAPI 3.1.',
        type: JSON_TYPE,
        schema: z.looseObject({ openapi: z.literal('3.1.1') }),
        headers: ['ETag'],
      },
    },
  },
];

/** Not of a resolver: it speaks to its own gatekeeper only. */
export const DESCRIPTION: Operation = {
  method: 'get',
  path: '/.well-known/whereabouts',
  id: 'description',
  clause: '8',
  summary: 'What the domain says of itself',
  description:
    'Its keys, and what it offers as issuer, provider, directory or witness. Signed where the operator signs it.',
  replies: {
    200: {
      description: 'The description.',
      type: JSON_TYPE,
      schema: z.looseObject({ version: z.literal(1), domain: z.string() }),
      example: { version: 1, domain: 'directory.example', directory: { api: 'https://directory.example' } },
      headers: ['ETag'],
    },
  },
};
