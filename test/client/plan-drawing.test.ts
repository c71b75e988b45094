// Pictures of plans, and advice: the same octets for the same plan, nothing of a name is markup, words where colours are.
import { expect, test } from 'vitest';
import { drawPlan } from '../../src/client/plan-drawing.ts';
import { adviseNetworks } from '../../src/protocol/conversation/advice.ts';
import { gatherInputs } from '../../src/protocol/conversation/gather.ts';
import { makePlan } from '../../src/protocol/conversation/plan.ts';
import { parseDescription, type Description } from '../../src/protocol/description.ts';

const network = (domain: string, protocols: string[], bridges: object[] = []): Description =>
  parseDescription(
    JSON.stringify({
      version: 1,
      domain,
      name: domain,
      jwks: { keys: [] },
      provider: { protocols, encryption: 'end-to-end', bridges },
    }),
    domain,
    { sandbox: false },
  );
const bridge = (id: string, encryption = 're-encrypted') => ({
  id,
  from: ['*', 'matrix'],
  protocol: 'any',
  placement: 'server',
  encryption,
  operator: 'op.example',
});

const DESCRIPTIONS = [
  network('a.example', ['a-talk'], [bridge('x"><script>/1')]),
  network('b.example', ['b-talk'], [bridge('x"><script>/1'), bridge('op/plain', 'none')]),
  network('c.example', ['matrix']),
  network('d.example', ['matrix']),
  network('e.example', ['e-talk']),
];
const of = (...terminals: string[]) => {
  const inputs = gatherInputs({ id: 'x', terminals }, { descriptions: DESCRIPTIONS, health: () => undefined });
  return { inputs, plan: makePlan(inputs) };
};

test('a picture names everything, escaped, in colour and in words', () => {
  const { plan, inputs } = of('a.example', 'b.example', 'e.example');
  const svg = drawPlan('svg', plan, inputs);
  expect(svg).toBe(drawPlan('svg', plan, inputs));
  expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title desc"/);
  expect(svg).toContain('<title id="title">A conversation of a.example, b.example, e.example</title>');
  expect(svg).toMatch(
    /<desc id="desc">In 2 parts .*Could read: op\.example\..* re-encrypts, between a\.example, b\.example/,
  );
  expect(svg).not.toContain('<script>');
  expect(svg.match(/<path [^>]*stroke="#9a6700"/g)).toHaveLength(2);
  const mermaid = drawPlan('mermaid', plan, inputs);
  expect(mermaid).not.toMatch(/<script|x"/);
  expect(mermaid.split('\n').filter((line) => line.includes(' --- '))).toEqual(['  n0 --- b0', '  n1 --- b0']);
  expect(drawPlan('dot', plan, inputs)).toContain('label="x\\"><script>/1", color="#9a6700"');
});

test('advice: who reaches whom, over what, and what would join most', () => {
  const all = DESCRIPTIONS.map(({ domain }) => domain);
  const { pairs, parts, bridge: missing } = adviseNetworks(all, DESCRIPTIONS);
  expect(pairs).toHaveLength(10);
  const way = (from: string, to: string) => pairs.find(({ networks }) => networks[0] === from && networks[1] === to);
  expect(way('a.example', 'b.example')).toMatchObject({
    bridges: ['x"><script>/1'],
    encryption: { readers: ['op.example'] },
  });
  expect(way('c.example', 'd.example')).toMatchObject({
    encryption: { level: 'end-to-end', verdict: 'unconfirmed', readers: [] },
  });
  expect(way('a.example', 'e.example')).toEqual({
    networks: ['a.example', 'e.example'],
    encryption: { level: 'not-end-to-end', verdict: 'unreachable', readers: [] },
  });
  expect(parts).toEqual([all.slice(0, 4), ['e.example']]);
  // To the language, not to one of the networks that speak it.
  expect(missing).toEqual({ between: ['e.example', 'matrix'], joins: 4 });
  expect(adviseNetworks(all.slice(0, 4), DESCRIPTIONS.slice(0, 4)).bridge).toBeUndefined();
});
