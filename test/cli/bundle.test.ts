// What bin/whereabouts.js runs: the bundled program of dist/program, unless a source is newer.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { isFresh, isProgramFresh } from '../../bin/newest.js';
import { makeHome } from '../support/program.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const home = makeHome();
const folder = mkdtempSync(path.join(tmpdir(), 'whereabouts-bundle-'));
const at = (name: string) => path.join(folder, name);
const age = (name: string, seconds: number) => {
  const then = new Date(Date.now() - seconds * 1000);
  utimesSync(at(name), then, then);
};
afterAll(() => {
  home.remove();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(at('src/deep'), { recursive: true });
  mkdirSync(at('dist/program'), { recursive: true });
  for (const name of ['src/cli.ts', 'src/deep/one.ts', 'dist/program/cli.js']) writeFileSync(at(name), '');
  for (const name of ['src/cli.ts', 'src/deep/one.ts', 'src/deep', 'src']) age(name, 60);
  age('dist/program/cli.js', 30);
});

describe('what was made is as new as what it was made from', () => {
  const fresh = () => isFresh(at('dist/program/cli.js'), [at('src'), at('package-lock.json')]);

  test('while nothing changes', () => expect(fresh()).toBe(true));

  test('until a source deep down is changed', () => {
    age('src/deep/one.ts', 10);
    expect(fresh()).toBe(false);
  });

  test('until a source is renamed or removed', () => {
    renameSync(at('src/deep/one.ts'), at('src/deep/two.ts'));
    expect(fresh()).toBe(false);
    for (const name of ['src/deep/two.ts', 'src/deep']) age(name, 60);
    expect(fresh()).toBe(true);
    rmSync(at('src/deep/two.ts'));
    expect(fresh()).toBe(false);
  });

  test('until the packages change', () => {
    writeFileSync(at('package-lock.json'), '');
    expect(fresh()).toBe(false);
  });

  test('never where it was not made; always where there is nothing to make it from', () => {
    rmSync(at('src'), { recursive: true });
    expect(fresh()).toBe(true);
    rmSync(at('dist/program/cli.js'));
    expect(fresh()).toBe(false);
  });
});

describe('bin/whereabouts.js', () => {
  /** A checkout of its own in which both ways only say which they are. */
  const runs = (): string => {
    cpSync(path.join(ROOT, 'bin'), at('bin'), { recursive: true });
    writeFileSync(at('package.json'), '{"type": "module"}');
    writeFileSync(at('src/cli.ts'), 'const way: string = "sources"; process.stdout.write(way);');
    writeFileSync(at('dist/program/cli.js'), 'process.stdout.write("program");');
    age('dist/program/cli.js', -10);
    const { stdout } = spawnSync(process.execPath, [at('bin/whereabouts.js')], { env: home.env, encoding: 'utf8' });
    return stdout;
  };

  test('runs the program that is as new as the sources, else the sources', () => {
    expect(runs()).toBe('program');
    age('src/cli.ts', -20);
    const { stdout } = spawnSync(process.execPath, [at('bin/whereabouts.js')], { env: home.env, encoding: 'utf8' });
    expect(stdout).toBe('sources');
  });
});

test('the program needs nothing of the sources: elsewhere, with its packages, it does its work', () => {
  expect(isProgramFresh()).toBe(true);
  rmSync(at('src'), { recursive: true });
  cpSync(path.join(ROOT, 'bin'), at('bin'), { recursive: true });
  cpSync(path.join(ROOT, 'dist/program'), at('dist/program'), { recursive: true });
  cpSync(path.join(ROOT, 'package.json'), at('package.json'));
  symlinkSync(path.join(ROOT, 'node_modules'), at('node_modules'));
  const whereabouts = (...args: string[]) =>
    spawnSync(process.execPath, [at('bin/whereabouts.js'), ...args], { env: home.env, encoding: 'utf8' });
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  expect(whereabouts('--version').stdout.trim()).toBe(version);
  expect(whereabouts('init', '--domain', 'directory.example').stdout).toContain('log   directory.example/whereabouts+');
});
