// Holds a real reply against the reference of the API it came from (/openapi.json): status, media type, shape, code.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Json } from '../../src/protocol/json.ts';

/** As much of OpenAPI as is read here. */
export interface Media {
  readonly schema?: { readonly [member: string]: Json };
  readonly example?: Json;
  readonly examples?: Readonly<Record<string, { readonly value: Json }>>;
}
interface Described {
  readonly description: string;
  readonly content?: Readonly<Record<string, Media>>;
}
export interface OperationObject {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Described>>;
}
export interface Reference {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly schemas: { readonly [name: string]: Json } };
}

/** Answers what is wrong with a reply: nothing is undefined. */
export type Judge = (method: string, path: string, status: number, type: string, body: string) => string | undefined;

export function judgeBy(reference: Reference): Judge {
  const validate = createValidators(reference);
  const templates = Object.keys(reference.paths)
    .toSorted((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
    .map((template) => ({ template, pattern: patternOf(template) }));
  return (method, path, status, type, body) => {
    const found = templates.find(({ pattern }) => pattern.test(path));
    // What is not there at all is refused alike everywhere (§12).
    const operation = found && reference.paths[found.template]?.[method.toLowerCase().replace('head', 'get')];
    if (operation === undefined) return status === 404 || status === 405 || status === 204 ? undefined : 'no operation';
    const described = operation.responses[String(status)];
    if (described === undefined) return `${operation.operationId}: status ${status} is not documented`;
    if (status === 304 || method === 'HEAD') return undefined;
    const media = described.content?.[type];
    if (media === undefined) return `${operation.operationId}: ${status} as ${type} is not documented`;
    if (media.schema === undefined || !type.includes('json')) return undefined;
    const wrong = validate(media.schema, JSON.parse(body) as Json);
    return wrong === undefined ? undefined : `${operation.operationId}: ${status}: ${wrong}`;
  };
}

/** Validates by a schema of the reference; what is wrong, as places and rules. */
export function createValidators({ components }: Reference): (schema: object, value: Json) => string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'reference', components });
  const compiled = new Map<object, ValidateFunction>();
  return (schema, value) => {
    const validator =
      compiled.get(schema) ??
      ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"reference#/components/')) as object);
    compiled.set(schema, validator);
    return validator(value) ? undefined : ajv.errorsText(validator.errors);
  };
}

/** A template's last parameter may hold slashes: tiles have them. */
function patternOf(template: string): RegExp {
  const parts = template.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join(template.endsWith('{tile}') ? '.+' : '[^/]+')}$`);
}
