// Log lines: one JSON object each, of the levels that are wanted, and none is lost however the process ends.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { createLog } from '../../src/platform/node/log.ts';
import type { LogLevel } from '../../src/server/config.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'whereabouts-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function linesAt(level: LogLevel): unknown[] {
  const at = path.join(folder, level);
  const file = openSync(at, 'w');
  const log = createLog(level, file);
  log.debug('one');
  log.info('two', { port: 8080, domain: 'directory.example', done: true });
  log.warn('three');
  log.error('four');
  closeSync(file);
  return readFileSync(at, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

test('a line is time, level, event and fields, and nothing of the machine or the process', () => {
  expect(linesAt('debug')).toEqual([
    { level: 'debug', time, event: 'one' },
    { level: 'info', time, event: 'two', port: 8080, domain: 'directory.example', done: true },
    { level: 'warn', time, event: 'three' },
    { level: 'error', time, event: 'four' },
  ]);
});

test('less important lines are left out', () => {
  expect((['info', 'warn', 'error', 'silent'] as const).map((level) => linesAt(level).length)).toEqual([3, 2, 1, 0]);
});

const LINES = 5_000;
const ENDS = {
  exit: 'process.exit(0)',
  fault: "throw new Error('fault')",
  kill: "process.kill(process.pid, 'SIGKILL')",
} as const;

test.each(Object.entries(ENDS))('every line is there, in order, after %s, however slow the reader', async (_, end) => {
  const module = pathToFileURL(path.resolve(import.meta.dirname, '../../src/platform/node/log.ts')).href;
  const script = `const { createLog } = await import(${JSON.stringify(module)});
    // Makes the pipe one that does not block.
    process.stderr.write('');
    const log = createLog('info');
    const timer = setInterval(() => {
      for (let i = 0; i < 50; i++) log.info('line', { n: n++, pad: 'x'.repeat(100) });
      if (n >= ${LINES}) { clearInterval(timer); ${end}; }
    }, 0);
    let n = 0;`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').pause();
  setTimeout(() => child.stderr.on('data', (part: string) => (text += part)).resume(), 1_000);
  await new Promise((resolve) => child.once('close', resolve));
  const numbers = text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { n: number }).n);
  expect(numbers).toEqual(Array.from({ length: LINES }, (_n, i) => i));
});
