// /openapi.json of every role: all that is served and nothing else, sound OpenAPI, examples that its own schemas accept.
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, test } from 'vitest';
import { APPS, formatRoute, ROLES, served, type Role } from '../support/apis.ts';
import { createValidators, judgeBy, type Media, type OperationObject, type Reference } from '../support/conformance.ts';

async function readText(role: Role): Promise<string> {
  const reply = await APPS[role]().request('/openapi.json');
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/json']);
  return await reply.text();
}

const readReference = async (role: Role): Promise<Reference> => JSON.parse(await readText(role)) as Reference;

const operationsOf = (reference: Reference): OperationObject[] => Object.values(reference.paths).flatMap(Object.values);

test.each(ROLES)('the reference of the %s has what is served', async (role) => {
  const { paths } = await readReference(role);
  const told = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => formatRoute(method.toUpperCase(), path)),
  );
  expect(told.toSorted()).toEqual(served(role));
});

test.each(ROLES)('the reference of the %s is sound OpenAPI 3.1', async (role) => {
  const config = await createConfig({ extends: ['recommended'], rules: { 'operation-4xx-response': 'off' } });
  const problems = await lintFromString({ source: await readText(role), config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
});

test.each(ROLES)('examples of the %s are what its schemas ask for', async (role) => {
  const reference = await readReference(role);
  const validate = createValidators(reference);
  const media = operationsOf(reference).flatMap(({ operationId, requestBody, responses }) =>
    [requestBody, ...Object.values(responses)].flatMap((part) =>
      Object.values(part?.content ?? {}).map((one): [string, Media] => [operationId, one]),
    ),
  );
  const examples = media.flatMap(([id, { schema = {}, example, examples: named = {} }]) =>
    [example, ...Object.values(named).map(({ value }) => value)].flatMap((value) =>
      value === undefined ? [] : [{ id, schema, value }],
    ),
  );
  expect(examples.length).toBeGreaterThan(10);
  expect(examples.map(({ id, schema, value }) => [id, validate(schema, value)]).filter(([, wrong]) => wrong)).toEqual(
    [],
  );
});

test('an operation has an example of each body it takes, and one name', async () => {
  for (const role of ROLES) {
    const operations = operationsOf(await readReference(role));
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { operationId, requestBody } of operations)
      for (const { example } of Object.values(requestBody?.content ?? {}))
        expect({ operationId, example }).not.toEqual({ operationId, example: undefined });
  }
});

test('a reply is judged by status, media type, shape and code', async () => {
  const judge = judgeBy(await readReference('directory'));
  const problem = (code: string, status: number): [string, string, number, string, string] => {
    const body = { type: `urn:whereabouts:error:${code}`, title: 'x', status, code };
    return ['POST', '/v1/evaluate', status, 'application/problem+json', JSON.stringify(body)];
  };
  expect(judge(...problem('key-unknown', 409))).toBeUndefined();
  expect(judge(...problem('record-stale', 409))).toMatch(/evaluate: 409/);
  expect(judge(...problem('key-lost', 409))).toMatch(/evaluate: 409/);
  expect(judge(...problem('key-unknown', 418))).toMatch(/not documented/);
  expect(judge('POST', '/v1/evaluate', 200, 'application/json', '{"key":"061f2e546616c581"}')).toMatch(/evaluated/);
  expect(judge('POST', '/v1/evaluate', 200, 'text/html', '')).toMatch(/not documented/);
  expect(judge('GET', '/v1/secret', 200, 'text/html', '')).toBe('no operation');
  expect(judge('GET', '/v1/secret', 404, 'application/problem+json', '')).toBeUndefined();
  expect(judge('GET', '/log/tile/entries/000.p/7', 200, 'application/octet-stream', '')).toBeUndefined();
});
