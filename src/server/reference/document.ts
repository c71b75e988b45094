// The reference as OpenAPI 3.1 text, made of the tables of operations and the schemas that validate requests.
import { z } from 'zod';
import { CODES, type Code } from '../../protocol/errors.ts';
import type { Json } from '../../protocol/json.ts';
import { STATUS } from '../problem.ts';
import { HEADERS, JSON_TYPE, SCHEMES, type Body, type Operation, type Parameter, type Reply } from './operation.ts';

/** The roles that have an API, each with one document. */
export type Api = 'directory' | 'issuer' | 'resolver' | 'witness' | 'auditor';

type Members = { [member: string]: Json };

const ABOUT: Readonly<Record<Api, string>> = {
  directory: 'Evaluates blinded identifiers, keeps sealed records, and proves every answer against a public log.',
  issuer: 'Attests to a person’s own device that an identifier is theirs.',
  resolver: 'Answers “where is Bob?” for a gatekeeper’s own machines, with every proof checked.',
  witness: 'Cosigns checkpoints of logs that only grow.',
  auditor: 'Cosigns checkpoints of logs whose epochs it has replayed.',
};

/** What any request may be refused with. */
const ALWAYS: readonly Code[] = ['internal-error', 'overloaded'];
const WITH_PARAMETERS: readonly Code[] = ['path-unknown', 'request-invalid'];
const WITH_BODY: readonly Code[] = ['media-type-unsupported', 'request-invalid', 'request-too-large'];

/** The codes an operation may refuse with, by status: its own, and those its parts bring. */
export function codesOf(operation: Operation): Map<number, Code[]> {
  const { body, parameters = [], codes = [], refusal } = operation;
  const json = body !== undefined && (body.type ?? JSON_TYPE) === JSON_TYPE;
  const all = new Set<Code>([
    ...ALWAYS,
    ...codes,
    ...(parameters.length > 0 ? WITH_PARAMETERS : []),
    ...(json ? WITH_BODY : []),
    ...(refusal === 'witness' ? (['request-invalid', 'request-too-large'] as const) : []),
  ]);
  return Map.groupBy([...all].toSorted(), (code) => STATUS[code]);
}

/** The OpenAPI document of one role. */
export function describeApi(api: Api, operations: readonly Operation[]): Members {
  const paths: { [path: string]: Members } = {};
  for (const operation of operations)
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describeOperation(operation, api) };
  const matrix = operations.some(({ refusal }) => refusal === 'matrix');
  const schemes = operations.flatMap(({ security }) => (security === undefined ? [] : [security.scheme]));
  return {
    openapi: '3.1.1',
    info: {
      title: `Whereabouts ${api}`,
      version: '1',
      description: ABOUT[api],
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'Where this document is served.' }],
    tags: [{ name: api, description: ABOUT[api] }],
    paths,
    components: {
      schemas: { Problem: PROBLEM, ...(matrix && { MatrixError: MATRIX_ERROR }) },
      securitySchemes: Object.fromEntries(schemes.toSorted().map((scheme) => [scheme, { ...SCHEMES[scheme] }])),
    },
  };
}

function describeOperation(operation: Operation, api: Api): Members {
  const { id, summary, clause, description, security, parameters = [], body } = operation;
  return {
    operationId: id,
    tags: [api],
    summary,
    description: [description, `Clause ${clause} of the protocol.`].filter((text) => text !== undefined).join('\n\n'),
    security: security === undefined ? [] : [{ [security.scheme]: [] }, ...(security.optional === true ? [{}] : [])],
    ...(parameters.length > 0 && { parameters: parameters.map(describeParameter) }),
    ...(body !== undefined && { requestBody: describeBody(body) }),
    responses: { ...mapReplies(operation), ...mapRefusals(operation) },
  };
}

const describeParameter = ({
  name,
  in: place,
  schema,
  description,
  example,
  required = false,
}: Parameter): Members => ({
  name,
  in: place,
  description,
  required,
  schema: schemaOf(schema, 'input'),
  example: typeof example === 'string' && numeric(schema) ? Number(example) : example,
});

const numeric = (schema: z.ZodType): boolean => schemaOf(schema, 'input')['type'] === 'integer';

function describeBody({ type = JSON_TYPE, schema, example, most, optional }: Body): Members {
  return {
    required: optional !== true,
    ...(most !== undefined && { description: `At most ${most.toLocaleString('en')} octets.` }),
    content: { [type]: { schema: schemaOf(schema, 'input'), example } },
  };
}

function mapReplies({ replies }: Operation): Members {
  return Object.fromEntries(Object.entries(replies).map(([status, reply]) => [status, describeReply(reply)]));
}

function describeReply({ description, type, schema, example, headers = [] }: Reply): Members {
  const shown: Members = {
    ...(schema !== undefined && { schema: schemaOf(schema, 'output') }),
    ...(example !== undefined && { example }),
  };
  return {
    description,
    ...(headers.length > 0 && {
      headers: Object.fromEntries(
        headers.map((name) => [name, { description: HEADERS[name], schema: { type: 'string' } }]),
      ),
    }),
    ...(type !== undefined && { content: { [type]: shown } }),
  };
}

function mapRefusals(operation: Operation): Members {
  const { refusal = 'problem', replies } = operation;
  const refusals = [...codesOf(operation)].filter(([status]) => !(status in replies));
  return Object.fromEntries(
    refusals.map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${CODES[code]}.`).join('\n\n'),
        content: refusal === 'matrix' ? matrixError() : problems(codes, status),
      },
    ]),
  );
}

const problems = (codes: readonly Code[], status: number): Members => ({
  'application/problem+json': {
    schema: {
      allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: [...codes] } } }],
    },
    examples: Object.fromEntries(
      codes.map((code) => [
        code,
        { value: { type: `urn:whereabouts:error:${code}`, title: CODES[code], status, code } },
      ]),
    ),
  },
});

const matrixError = (): Members => ({ [JSON_TYPE]: { schema: { $ref: '#/components/schemas/MatrixError' } } });

const PROBLEM: Members = {
  type: 'object',
  description: 'A problem document (RFC 9457, §12). `detail` never holds anything that was sent.',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string', pattern: '^urn:whereabouts:error:[a-z-]+$' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    code: { type: 'string', enum: Object.keys(CODES) },
    detail: { type: 'string' },
  },
};

const MATRIX_ERROR: Members = {
  type: 'object',
  description: 'Matrix 1.11, client-server API §2.4.',
  required: ['errcode', 'error'],
  properties: { errcode: { type: 'string' }, error: { type: 'string' }, retry_after_ms: { type: 'integer' } },
};

/** JSON Schema 2020-12, the dialect of OpenAPI 3.1. Rules a schema cannot say (a domain's) are in descriptions. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Members {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
  return JSON.parse(JSON.stringify(rest)) as Members;
}
