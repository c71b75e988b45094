// README's commands and examples, run as they stand there against a sandbox; only the port and the package's place are put in.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHome, run, startSandbox, type Home } from '../support/program.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const block = (language: string, holding: string): string => {
  const found = blocks.find((candidate) => candidate.language === language && candidate.text.includes(holding));
  if (found === undefined) throw new Error(`README has no ${language} block with ${holding}`);
  return found.text;
};

let home: Home;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;

beforeAll(async () => {
  home = makeHome();
  sandbox = await startSandbox(home);
}, 120_000);
afterAll(async () => {
  await sandbox.stop();
  home.remove();
});

const shell = (command: string, cwd = ROOT) =>
  promisify(execFile)('bash', ['-c', command.replaceAll(':8080', `:${sandbox.port}`)], {
    cwd,
    env: { ...sandbox.env, PATH: process.env['PATH'] ?? '' },
  });
/** `npx whereabouts` as npx runs it here: the package's own bin. */
const npx = (command: string): string =>
  command.replaceAll('npx whereabouts', `node ${path.join(ROOT, 'bin/whereabouts.js')}`);
const undated = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\d/g, 'DATE')
    .replaceAll(/:\d{4,5}\//g, ':PORT/')
    // How many epochs there are when somebody asks is the machine's affair.
    .replaceAll(/epoch \d+/g, 'epoch N')
    .trim();

test('it starts with two commands, and both are scripts of the package', () => {
  const [first] = blocks;
  const commands = [...(first?.text ?? '').matchAll(/^npm ci && (npm \w+)/gm)].map(([, command]) => command);
  expect(commands).toEqual(['npm start', 'npm test']);
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test']));
});

test('the answer printed is the answer given', async () => {
  const [command = '', ...lines] = block('console', 'npx whereabouts where').split('\n');
  const { stdout } = await shell(npx(command.replace(/^\$ /, '')));
  expect(undated(stdout)).toBe(undated(lines.join('\n')));
});

test('curl finds Bob', async () => {
  const { stdout } = await shell(block('sh', 'curl'));
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: 'found',
    routes: [
      {
        provider: { domain: 'bobchat.localhost' },
        assurance: 'confirmed',
        encryption: { level: 're-encrypted-by-bridge' },
      },
    ],
  });
});

test('the SDK finds Bob', async () => {
  const program = block('ts', 'createClient')
    .replace("'whereabouts'", JSON.stringify(path.join(ROOT, 'src/sdk-node.ts')))
    .replace('sandbox: true', `sandbox: { port: ${sandbox.port} }`);
  const file = path.join(home.folder, 'ask.ts');
  writeFileSync(file, program);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env: home.env });
  expect(stdout.trim()).toBe('found @bob:bobchat.localhost re-encrypted-by-bridge');
});

test('register, where, withdraw', async () => {
  const commands = block('sh', 'register').trim().split('\n');
  expect(commands.length).toBe(3);
  for (const command of commands) await shell(npx(command));
  const { code, stdout } = await run(['where', '+44 20 7946 0555', '--from', 'alicechat.localhost'], sandbox.env);
  expect({ code, absent: stdout.includes('absent') }).toEqual({ code: 1, absent: true });
});

test('every link leads to a file', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) expect(() => readFileSync(path.join(ROOT, link)), link).not.toThrow(/ENOENT/);
});
