// A JSON Schema (2020-12) as a list that can be read: each member with its type, its limits and what it is.
import { h } from '../dom.ts';
import type { Schema } from './openapi.ts';

/** The words of each limit, in the order they are told. */
const LIMITS: Readonly<Record<string, (value: string) => string>> = {
  minimum: (value) => `at least ${value}`,
  maximum: (value) => `at most ${value}`,
  exclusiveMinimum: (value) => `more than ${value}`,
  exclusiveMaximum: (value) => `less than ${value}`,
  minLength: (value) => `at least ${value} characters`,
  maxLength: (value) => `at most ${value} characters`,
  minItems: (value) => `at least ${value} items`,
  maxItems: (value) => `at most ${value} items`,
  format: (value) => value,
  default: (value) => `${value} unless given`,
  pattern: (value) => value,
};
/** zod writes these where a number is only said to be whole. */
const ALL_INTEGERS = new Set([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);

const alternativesOf = ({ anyOf, oneOf }: Schema): readonly Schema[] => anyOf ?? oneOf ?? [];

/** “array of string”, “"tel" or "mailto"”, “object”. */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? '';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  const alternatives = [...new Set(alternativesOf(schema).map(typeOf))];
  if (alternatives.length > 0) return alternatives.join(' or ');
  if (schema.items !== undefined) return `array of ${typeOf(schema.items)}`;
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).find((type) => type !== 'anything') ?? 'anything';
  return schema.type === undefined ? 'anything' : [schema.type].flat().join(' or ');
}

export function limitsOf(schema: Schema): string[] {
  return Object.entries(LIMITS).flatMap(([name, tell]) => {
    const value = schema[name];
    if (value === undefined || (typeof value === 'number' && ALL_INTEGERS.has(value))) return [];
    return [tell(typeof value === 'string' ? value : JSON.stringify(value))];
  });
}

/** The type and the limits of one value. */
export const told = (schema: Schema): HTMLElement[] => [
  h('code', { class: 'type' }, typeOf(schema)),
  ...limitsOf(schema.items === undefined ? schema : { ...schema.items, ...schema }).map((limit) =>
    h('span', { class: 'limit' }, limit),
  ),
];

/** Members of objects, as deep as they go; nothing where there are none. */
export function drawMembers(schema: Schema): HTMLElement | undefined {
  const within = schema.items ?? schema;
  const lists = [within, ...alternativesOf(within), ...(within.allOf ?? [])].flatMap(({ properties, required = [] }) =>
    properties === undefined
      ? []
      : [
          h(
            'ul',
            { class: 'members' },
            Object.entries(properties).map(([name, member]) =>
              h(
                'li',
                {},
                h(
                  'p',
                  {},
                  h('code', { class: 'name' }, name),
                  required.includes(name) ? undefined : h('span', { class: 'limit' }, 'optional'),
                  told(member),
                ),
                member.description === undefined ? undefined : h('p', { class: 'hint' }, member.description),
                drawMembers(member),
              ),
            ),
          ),
        ],
  );
  const values = typeof within.additionalProperties === 'object' ? drawMembers(within.additionalProperties) : undefined;
  const all = values === undefined ? lists : [...lists, values];
  return all.length === 0 ? undefined : h('div', {}, all);
}
