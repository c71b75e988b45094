// Look-ups in the words of other standards, for the reference: where they are switched on. Those standards say what they mean.
import { z } from 'zod';
import { LIMITS } from '../../protocol/limits.ts';
import type { Json } from '../../protocol/json.ts';
import { lookupRequest, registerRequest, termsRequest } from '../lookups/matrix-identity.ts';
import { JSON_TYPE, type Body, type Operation } from './operation.ts';
import { inPath, inQuery } from './shapes.ts';

const V2 = '/_matrix/identity/v2';
const THIRD_PARTY = '/_matrix/app/v1/thirdparty';

const IDENTITY = 'Identity Service API of Matrix 1.11.';
const APPSERVICE = 'Application Service API of Matrix 1.11.';

interface Told {
  readonly id: string;
  readonly summary: string;
  readonly schema: z.ZodType;
  readonly example: Json;
  readonly body?: Body;
  readonly open?: true;
}

/** One operation of the identity service. */
function identity(method: 'get' | 'post', path: string, { id, summary, schema, example, body, open }: Told): Operation {
  return {
    method,
    path,
    id,
    clause: '7',
    summary,
    description: IDENTITY,
    refusal: 'matrix',
    ...(open === undefined && { security: { scheme: 'matrix' } as const }),
    ...(body !== undefined && { body }),
    replies: { 200: { description: 'As that standard has it.', type: JSON_TYPE, schema, example } },
    codes: [
      'credentials-invalid',
      'credentials-required',
      'host-refused',
      'issuer-refused',
      'peer-unreachable',
      'quota-exceeded',
    ],
  };
}

const nothing = z.strictObject({});
const protocol = inPath('protocol', z.string(), 'The one protocol served: `whereabouts`.', 'whereabouts');

/** One operation of the application service. */
function thirdParty(path: string, id: string, summary: string, schema: z.ZodType, example: Json): Operation {
  const named = path.endsWith('{protocol}');
  return {
    method: 'get',
    path: `${THIRD_PARTY}/${path}`,
    id,
    clause: '7',
    summary,
    description: APPSERVICE,
    refusal: 'matrix',
    security: { scheme: 'homeserver' },
    parameters: [
      ...(named ? [protocol] : []),
      ...(id === 'matrixUser'
        ? [inQuery('identifier', z.string(), 'A phone number or e-mail address.', '+442079460321')]
        : []),
    ],
    replies: { 200: { description: 'As that standard has it.', type: JSON_TYPE, schema, example } },
    codes: ['account-refused', 'credentials-required', 'host-refused', 'identifier-invalid', 'record-unknown'],
  };
}

const users = z.array(z.object({ userid: z.string(), protocol: z.string(), fields: z.record(z.string(), z.string()) }));

export const LOOKUPS: readonly Operation[] = [
  {
    method: 'get',
    path: '/.well-known/webfinger',
    id: 'webfinger',
    clause: '7',
    summary: 'WebFinger',
    description: 'RFC 7033. The resource stands in the URL by that standard; it goes nowhere else from here.',
    parameters: [
      {
        ...inQuery('resource', z.string(), 'A `tel:` or `mailto:` or `acct:` URI.', 'mailto:bob@example.com'),
        required: true,
      },
      inQuery(
        'rel',
        z.string(),
        'Only links of this relation; may be given more than once.',
        'http://webfinger.net/rel/profile-page',
      ),
    ],
    replies: {
      200: {
        description: 'A JSON resource descriptor.',
        type: 'application/jrd+json',
        schema: z.looseObject({ subject: z.string() }),
        example: { subject: 'mailto:bob@example.com', links: [] },
      },
    },
    codes: ['host-refused', 'identifier-invalid', 'quota-exceeded', 'record-unknown'],
  },
  identity('get', '/_matrix/identity/versions', {
    id: 'matrixVersions',
    summary: 'Versions served',
    schema: z.object({ versions: z.array(z.string()) }),
    example: { versions: ['v1.11'] },
    open: true,
  }),
  identity('get', V2, {
    id: 'matrixIdentity',
    summary: 'Whether there is an identity service',
    schema: nothing,
    example: {},
    open: true,
  }),
  identity('get', `${V2}/terms`, {
    id: 'matrixTerms',
    summary: 'Terms of service: none',
    schema: z.object({ policies: nothing }),
    example: { policies: {} },
    open: true,
  }),
  identity('post', `${V2}/terms`, {
    id: 'matrixAgree',
    summary: 'Agree to terms',
    schema: nothing,
    example: {},
    body: { schema: termsRequest, example: { user_accepts: [] } },
  }),
  identity('post', `${V2}/account/register`, {
    id: 'matrixRegister',
    summary: 'Exchange an OpenID token for a token',
    schema: z.object({ token: z.string(), access_token: z.string() }),
    example: { token: 'AAAA', access_token: 'AAAA' },
    body: {
      schema: registerRequest,
      example: { access_token: 'AAAA', token_type: 'Bearer', matrix_server_name: 'matrix.example' },
    },
    open: true,
  }),
  identity('get', `${V2}/account`, {
    id: 'matrixAccount',
    summary: 'Whose token this is',
    schema: z.object({ user_id: z.string() }),
    example: { user_id: '@alice:matrix.example' },
  }),
  identity('post', `${V2}/account/logout`, {
    id: 'matrixLogout',
    summary: 'Forget the token',
    schema: nothing,
    example: {},
  }),
  identity('get', `${V2}/hash_details`, {
    id: 'matrixHashDetails',
    summary: 'How addresses are sent: unhashed',
    schema: z.object({ algorithms: z.array(z.string()), lookup_pepper: z.string() }),
    example: { algorithms: ['none'], lookup_pepper: '00' },
  }),
  identity('post', `${V2}/lookup`, {
    id: 'matrixLookup',
    summary: 'Matrix users behind addresses',
    schema: z.object({ mappings: z.record(z.string(), z.string()) }),
    example: { mappings: { 'bob@example.com email': '@bob:bob.example' } },
    body: {
      schema: lookupRequest,
      example: { addresses: ['bob@example.com email'], algorithm: 'none', pepper: '00' },
      most: LIMITS.whereRequestOctets,
    },
  }),
  thirdParty('protocol/{protocol}', 'matrixProtocol', 'What can be looked up', z.looseObject({}), {}),
  thirdParty('user/{protocol}', 'matrixUser', 'Users behind an identifier', users, [
    { userid: '@bob:bob.example', protocol: 'whereabouts', fields: { identifier: '+442079460321' } },
  ]),
  thirdParty('user', 'matrixUserBack', 'Identifiers behind a user: never told', users, []),
  thirdParty(
    'location/{protocol}',
    'matrixLocation',
    'Rooms behind an identifier: there are none',
    z.array(nothing),
    [],
  ),
  thirdParty('location', 'matrixLocationBack', 'Identifiers behind a room: there are none', z.array(nothing), []),
];
