// One operation of an API: whom it asks for, what it takes, what it answers, and with which codes it refuses.
import { h } from '../dom.ts';
import type { Document, Media, Operation, Parameter, Response } from './openapi.ts';
import { drawMembers, told } from './schema.ts';

/** Paragraphs, with what stands between backticks as code. */
export const prose = (text: string): HTMLElement[] =>
  text.split('\n\n').map((paragraph) =>
    h(
      'p',
      {},
      paragraph.split('`').map((part, at) => (at % 2 === 1 ? h('code', {}, part) : part)),
    ),
  );

const part = (title: string, ...children: Parameters<typeof h>[2][]): HTMLElement =>
  h('section', {}, h('h3', {}, title), ...children);

export function drawOperation(
  method: string,
  path: string,
  operation: Operation,
  { components }: Document,
): HTMLElement {
  const { operationId, summary, description, security, parameters = [], requestBody, responses } = operation;
  const schemes = security.flatMap((one) => Object.keys(one));
  const isOptional = security.some((one) => Object.keys(one).length === 0);
  const all = Object.entries(responses).map(([status, response]) => drawResponse(status, response, summary));
  return h(
    'details',
    { class: 'operation card', id: operationId },
    h(
      'summary',
      {},
      h('span', { class: `method ${method}` }, method.toUpperCase()),
      h('code', { class: 'path' }, path),
      h('span', { class: 'does' }, summary),
    ),
    prose(description),
    schemes.length === 0
      ? undefined
      : part(
          isOptional ? 'Who asks (may be left out)' : 'Who asks',
          schemes.flatMap((scheme) => prose(components.securitySchemes[scheme]?.description ?? scheme)),
        ),
    parameters.length === 0
      ? undefined
      : part('Parameters', h('ul', { class: 'members' }, parameters.map(drawParameter))),
    requestBody === undefined
      ? undefined
      : part(
          'Body',
          requestBody.description === undefined ? undefined : h('p', {}, requestBody.description),
          drawContent(requestBody.content, `Example of a request: ${summary}`),
        ),
    part('Replies', h('ul', { class: 'replies' }, all)),
  );
}

const drawParameter = ({ name, in: place, required, description, schema, example }: Parameter): HTMLElement =>
  h(
    'li',
    {},
    h(
      'p',
      {},
      h('code', { class: 'name' }, name),
      h('span', { class: 'limit' }, `in the ${place}${required === true ? '' : ', optional'}`),
      told(schema),
    ),
    description === undefined ? undefined : h('p', { class: 'hint' }, description),
    example === undefined ? undefined : h('p', { class: 'hint' }, 'Example: ', h('code', {}, asText(example))),
  );

function drawResponse(
  status: string,
  { description, headers = {}, content = {} }: Response,
  summary: string,
): HTMLElement {
  // Every refusal has the same form, which is told once, above.
  const isRefusal = 'application/problem+json' in content;
  return h(
    'li',
    {},
    h('p', {}, h('strong', { class: status.startsWith('2') ? 'status fine' : 'status' }, status)),
    h(
      'div',
      {},
      prose(description),
      Object.entries(headers).map(([name, header]) =>
        h('p', { class: 'hint' }, 'Header ', h('code', {}, name), `: ${header.description ?? ''}`),
      ),
      isRefusal ? undefined : drawContent(content, `Example of a reply, ${status}: ${summary}`),
    ),
  );
}

const drawContent = (content: Readonly<Record<string, Media>>, title: string): HTMLElement[] =>
  Object.entries(content).map(([type, { schema, example }]) =>
    h(
      'div',
      { class: 'content' },
      h('p', {}, h('code', {}, type)),
      schema === undefined ? undefined : drawMembers(schema),
      example === undefined ? undefined : drawExample(title, example),
    ),
  );

const asText = (example: unknown): string =>
  typeof example === 'string' ? example : JSON.stringify(example, undefined, 2);

/** It scrolls, so a keyboard has to reach it (WCAG 2.1.1). */
const drawExample = (title: string, example: unknown): HTMLElement =>
  h('pre', { tabindex: 0, role: 'region', 'aria-label': title }, h('code', {}, asText(example)));
