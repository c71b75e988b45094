// `whereabouts conversation plan` and `whereabouts networks` on the three services of docs/conversations.md, as a person runs them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeHome, run, type Home } from '../support/program.ts';

vi.setConfig({ testTimeout: 180_000 });

const FOLDER = path.resolve(import.meta.dirname, '../../docs/three-services');
const FILES = ['alicechat', 'bobchat', 'charliechat'].map((name) => path.join(FOLDER, `${name}.json`));
const TREE = ['alicechat.example/oscar', 'alicechat.example/xmpp', 'charliechat.example/xmpp'];
let home: Home;
beforeAll(() => {
  home = makeHome();
});
afterAll(() => home.remove());

const plan = (args: readonly string[]) => run(['conversation', 'plan', ...args], home.env);

test('the picture of the docs is the one that the command draws, and the default', async () => {
  const picture = readFileSync(path.join(FOLDER, 'plan.svg'), 'utf8');
  expect(await plan(['--svg', ...FILES])).toEqual({ code: 0, stdout: picture, stderr: '' });
  // In whatever order the networks are named.
  expect((await plan(FILES.toReversed())).stdout).toBe(picture);
});

test('the same tree as text and as data', async () => {
  const mermaid = await plan(['--mermaid', ...FILES]);
  expect(mermaid).toMatchObject({ code: 0, stderr: '' });
  expect(mermaid.stdout).toMatch(/^graph LR\n/);
  const ids = [...mermaid.stdout.matchAll(/^ {2}b\d\(\["(.+)<br\/>re-encrypts"\]\)$/gm)].map(([, id]) => id);
  expect(ids).toEqual(TREE);
  const dot = await plan(['--dot', ...FILES]);
  expect(dot.stdout).toMatch(/^graph conversation \{\n/);
  expect(dot.stdout.match(/^ {2}n\d -- b\d /gm)).toHaveLength(6);
  const { plan: made, inputs } = JSON.parse((await plan(['--json', ...FILES])).stdout);
  expect(made).toMatchObject({ epoch: 1, cost: [30, 1, 0, 0, 3], optimal: true });
  expect([...new Set(made.edges.map(([bridge]: [string]) => bridge))]).toEqual(TREE);
  expect(inputs.bridges).toHaveLength(5);
});

test('networks: who reaches whom over what, and which bridge is missing', async () => {
  const { code, stdout } = await run(['networks', ...FILES], home.env);
  expect(code).toBe(0);
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    'alicechat.example – bob.chat  alicechat.example/oscar: re-encrypted-by-bridge, readable for alicechat.example',
    `alicechat.example – charliechat.example  ${TREE.slice(1).join(' + ')}: re-encrypted-by-bridge, readable for alicechat.example, charliechat.example`,
    'bob.chat – charliechat.example  bob.chat/matrix + charliechat.example/matrix: re-encrypted-by-bridge, readable for bob.chat, charliechat.example',
  ]);
  expect(stdout).toContain('All of them reach one another.');
});

test('what is neither a domain nor a file is refused, and not repeated', async () => {
  const refused = await plan(['+44 20 7946 0123']);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).not.toContain('7946');
});
