// The issuer's API for the reference, at the paths the built-in issuer serves.
import { z } from 'zod';
import { LIMITS } from '../../protocol/limits.ts';
import { attestRequest, nonceRequest } from '../issuer/requests.ts';
import { COMMON, DESCRIPTION } from './every-role.ts';
import { JSON_TYPE, type Operation } from './operation.ts';
import { inPath, token, TOKEN } from './shapes.ts';

const account = { scheme: 'account' } as const;
const jti = inPath(
  'jti',
  z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  'The attestation’s own `jti`: 16 octets, base64url.',
  'AAAAAAAAAAAAAAAAAAAAAA',
);

export const ISSUER: readonly Operation[] = [
  {
    method: 'post',
    path: '/whereabouts/nonce',
    id: 'nonce',
    clause: '4.6',
    summary: 'A nonce for a proof of possession',
    security: account,
    body: { schema: nonceRequest, example: {}, most: LIMITS.requestOctets, optional: true },
    replies: {
      200: {
        description: 'Good once, for five minutes.',
        type: JSON_TYPE,
        schema: z.object({ nonce: z.string() }),
        example: { nonce: 'AAAAAAAAAAAAAAAAAAAAAA' },
      },
    },
    codes: ['credentials-invalid', 'credentials-required', 'quota-exceeded'],
  },
  {
    method: 'post',
    path: '/whereabouts/attestations',
    id: 'attest',
    clause: '4.6',
    summary: 'Attest that an identifier is the account’s',
    description:
      'The attestation names the temporary key, never the identifier. The pass lets the person evaluate it once.',
    security: account,
    body: {
      schema: attestRequest,
      example: { directory: 'directory.example', identifier: '+44 20 7946 0321', possession: TOKEN },
      most: LIMITS.requestOctets,
    },
    replies: {
      201: {
        description: 'Signed with a key of the issuer’s description.',
        type: JSON_TYPE,
        schema: z.object({ attestation: token, pass: token }),
        example: { attestation: TOKEN, pass: TOKEN },
      },
    },
    codes: [
      'account-refused',
      'credentials-invalid',
      'credentials-required',
      'description-invalid',
      'directory-refused',
      'evaluation-invalid',
      'identifier-invalid',
      'key-unknown',
      'nonce-invalid',
      'peer-unreachable',
      'provider-unknown',
      'quota-exceeded',
      'token-invalid',
    ],
  },
  {
    method: 'get',
    path: '/whereabouts/attestations/{jti}',
    id: 'showAttestation',
    clause: '4.1',
    summary: 'Whether an attestation still stands',
    description: 'Asked by directories at random times. Renewed under the directory’s newest key.',
    parameters: [jti],
    replies: { 200: { description: 'It stands.', type: 'application/jwt', schema: token, example: TOKEN } },
    codes: ['attestation-unknown', 'attestation-withdrawn'],
  },
  {
    method: 'delete',
    path: '/whereabouts/attestations/{jti}',
    id: 'withdrawAttestation',
    clause: '4.6',
    summary: 'Withdraw an attestation everywhere',
    security: account,
    parameters: [jti],
    replies: {
      200: {
        description:
          'What became of the records that rest on it: `withdrawn`, `none`, or `pending` where the directory could not be told.',
        type: JSON_TYPE,
        schema: z.object({ records: z.enum(['withdrawn', 'none', 'pending']) }),
        example: { records: 'withdrawn' },
      },
    },
    codes: ['attestation-unknown', 'credentials-invalid', 'credentials-required'],
  },
  DESCRIPTION,
  ...COMMON,
];
