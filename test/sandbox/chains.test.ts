// Public identities on the command line: docs/chains.md as it stands, keys, checks, the end; and "is this really Bob?".
import { createHash } from 'node:crypto';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readPage } from '../docs/tables.ts';
import { makeHome, run, startSandbox } from '../support/program.ts';

// Every step is a process of its own, on a machine that has other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const home = makeHome();
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
beforeAll(async () => {
  sandbox = await startSandbox(home);
});
afterAll(async () => {
  await sandbox.stop();
  home.remove();
});

const FROM = ['--from', 'alicechat.localhost'];
const chain = (...args: string[]) => run(['chain', ...args], sandbox.env);
/** Arguments of a command line of the docs. */
const argsOf = (line: string): string[] =>
  [...line.replace(/^npx whereabouts /, '').matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, word = '']) => quoted ?? word,
  );

let id = '';

/** Runs a block of commands of the docs, with files it names in this home; gives what each wrote. */
async function runBlock(at: number): Promise<string[]> {
  const block = [...readPage('docs/chains.md').matchAll(/```sh\n([\s\S]*?)```/g)][at]?.[1] ?? '';
  const outputs: string[] = [];
  for (const line of block.trimEnd().split('\n')) {
    const args = argsOf(line.replace('<id>', id)).map((word, place, all) =>
      all[place - 1] === '--file' ? path.join(home.folder, word) : word,
    );
    const { code, stdout, stderr } = await run(args, sandbox.env);
    expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' });
    outputs.push(stdout);
    id = id || (/^Begun: ([\w-]{43})$/m.exec(stdout)?.[1] ?? '');
  }
  return outputs;
}

test('docs/chains.md: a chain is begun, cited, tied and shown', async () => {
  const outputs = await runBlock(0);
  expect(outputs).toHaveLength(6);
  expect(outputs[1]).toMatch(/_whereabouts\.me\.localhost:\n\n {2}whereabouts-proof=[\w-]{43}\n/);
  expect(outputs[2]).toContain('dns:me.localhost');
  expect(outputs[5]).toMatch(/ also +dns:me\.localhost {2}not checked yet/);
  // The identifier is nowhere in what is public.
  expect(outputs[2]).not.toMatch(/7946|0555/);
});

test('without --chains nothing of it shows', async () => {
  const { stdout } = await run(['where', '+44 20 7946 0555', ...FROM], sandbox.env);
  expect(stdout).toContain('@me:bobchat.localhost');
  expect(stdout).not.toContain('me.localhost  ');
  expect(stdout).not.toMatch(/ also /);
});

test('docs/chains.md: an index in public and sealed, opened by who knows the number, and no name any more', async () => {
  writeFileSync(path.join(home.folder, 'profile.json'), '{}');
  writeFileSync(path.join(home.folder, 'card.json'), '{"card":1}');
  const [listed, sealed, shown] = await runBlock(1);
  expect([listed, sealed]).toEqual([
    'Listed: https://schema.example/profile\n',
    'Listed: https://schema.example/card\n',
  ]);
  const lines = (shown ?? '').split('\n').filter((line) => /^ {2}(?:index|sealed)/.test(line));
  expect(lines).toEqual([
    '  index    https://schema.example/profile  https://me.example/profile.json',
    '  sealed   https://schema.example/card  https://me.example/card.json',
  ]);
  // Somebody else, to whom nothing was kept: the directory evaluates the number for him, blinded.
  const elsewhere = { ...sandbox.env, XDG_DATA_HOME: path.join(home.folder, 'reader') };
  const read = async (...args: string[]) => {
    const { stdout } = await run(
      ['chain', 'show', '--json', '--directory', 'directory.localhost', ...args, '--', id],
      elsewhere,
    );
    return JSON.parse(stdout) as {
      names: unknown[];
      index: object;
      sealed: unknown[];
      opened: unknown[];
      links: string[];
    };
  };
  const left = await read('--knows', '+44 20 7946 0555');
  const hash = createHash('sha256').update('{"card":1}').digest('base64url');
  expect(left).toMatchObject({
    names: [],
    index: {},
    opened: [{ definition: 'https://schema.example/card', ref: 'https://me.example/card.json', hash }],
  });
  expect(await read('--knows', '+44 20 7946 0556')).toMatchObject({ sealed: [{}], opened: [] });
  // A link tells nobody what is sealed.
  const signed = left.links.map((link) => Buffer.from(link.split('.')[1] ?? '', 'base64url').toString()).join('\n');
  expect(signed).toContain('me.example/profile.json');
  expect(signed).not.toMatch(/card|7946|0555/);
});

test('an index is changed entry by entry, and what is not there is not removed', async () => {
  const set = (...args: string[]) => chain('set-index', ...args);
  const CARD = ['https://schema.example/card', '--only-for', '+44 20 7946 0555'];
  const hash = 'A'.repeat(43);
  // A sealed entry set again takes the place of the old one.
  expect((await set(...CARD, 'https://me.example/new.json', '--hash', hash)).code).toBe(0);
  const shown = await chain('show', '--json', '--knows', '+44 20 7946 0555');
  const { sealed, opened } = JSON.parse(shown.stdout) as { sealed: unknown[]; opened: object[] };
  expect([sealed.length, opened]).toMatchObject([1, [{ ref: 'https://me.example/new.json', hash }]]);
  expect((await set(...CARD, '--remove')).code).toBe(0);
  expect(await set('tel:+442079460555', 'https://me.example/x', '--hash', hash)).toMatchObject({ code: 2, stdout: '' });
  expect(await chain('remove-name', '+44 20 7946 0555')).toMatchObject({ code: 4, stdout: '' });
});

test('its key is its owner’s alone', () => {
  const folder = path.join(home.folder, 'data/whereabouts/chains');
  expect(readdirSync(folder)).toEqual([`${id}.json`]);
  expect(statSync(path.join(folder, `${id}.json`)).mode & 0o777).toBe(0o600);
});

test('--check looks itself, and says so with its exit code', async () => {
  const { code, stdout } = await chain('show', '--check');
  expect(stdout).toMatch(/dns:me\.localhost {2}(?:failed|unreachable) .*by yourself/);
  expect(code).toBe(stdout.includes('failed') ? 4 : 3);
});

test('another key signs on another device, until it is removed; an end is for ever', async () => {
  const file = path.join(home.folder, 'laptop.json');
  const elsewhere = { ...sandbox.env, XDG_DATA_HOME: path.join(home.folder, 'laptop') };
  const at = (...args: string[]) => run(['chain', ...args, '--key-file', file], elsewhere);
  expect((await chain('add-key', '--to', file)).code).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await at('remove-account', 'dns', 'me.localhost')).code).toBe(0);
  const shown = await chain('show', '--json');
  const { keys, accounts } = JSON.parse(shown.stdout) as { keys: string[]; accounts: unknown[] };
  expect([keys.length, accounts]).toEqual([2, []]);
  expect((await chain('remove-key', '--', keys[1] ?? '')).code).toBe(0);
  expect(await at('add-account', 'dns', 'me.localhost')).toMatchObject({ code: 4, stdout: '' });
  expect(await chain('end')).toMatchObject({ code: 2, stdout: '' });
  expect((await chain('end', '--yes')).code).toBe(0);
  expect(await chain('add-account', 'dns', 'me.localhost')).toMatchObject({ code: 4, stdout: '' });
  const { stdout } = await run(['where', '+44 20 7946 0555', ...FROM, '--chains'], sandbox.env);
  expect(stdout).not.toMatch(/ also /);
});

test('refusals: a chain there is none of, no account, no chain of one’s own', async () => {
  expect((await chain('show', 'A'.repeat(43), '--directory', 'directory.localhost')).code).toBe(1);
  expect((await chain('show', 'nobody', '--directory', 'directory.localhost')).code).toBe(2);
  expect((await chain('add-account', 'fax', '+442079460555')).stderr).not.toContain('7946');
  const fresh = { ...sandbox.env, XDG_DATA_HOME: path.join(home.folder, 'fresh') };
  expect(await run(['chain', 'add-account', 'dns', 'me.localhost'], fresh)).toMatchObject({ code: 2, stdout: '' });
});

test('verify: match, mismatch, unknown, and evidence for somebody else', async () => {
  const verify = (...args: string[]) => run(['verify', ...args, ...FROM], sandbox.env);
  const BOB = ['+44 20 7946 0123', '--provider', 'bobchat.localhost', '--address'];
  const match = await verify(...BOB, '@bob:bobchat.localhost', '--json');
  expect(match.code).toBe(0);
  expect(JSON.parse(match.stdout)).toMatchObject({ verdict: 'match', assurance: 'confirmed' });
  expect((await verify(...BOB, '@mallory:bobchat.localhost')).code).toBe(1);
  const nobody = await verify('+44 20 7946 0999', ...BOB.slice(1), '@bob:bobchat.localhost');
  expect([nobody.code, nobody.stdout.includes('unknown')]).toEqual([3, true]);
  const file = path.join(home.folder, 'answer.json');
  writeFileSync(file, match.stdout);
  const checked = await verify('--evidence', file);
  expect([checked.code, checked.stdout.includes('match')]).toEqual([0, true]);
  writeFileSync(file, match.stdout.replaceAll('"blind":"', '"blind":"A'));
  expect(await verify('--evidence', file)).toMatchObject({ code: 4, stdout: '' });
});
