// docs/quick-starts.md, run as it stands there: only ports and the package's place are put in.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readSteps, runSteps } from '../support/console.ts';
import { freePort } from '../support/free-port.ts';
import { makeHome } from '../support/program.ts';
import { readPage, ROOT } from './tables.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 180_000 });

const page = readPage('docs/quick-starts.md');
const steps = readSteps(page);
const home = makeHome();
const ports = new Map<string, number>();

beforeAll(async () => {
  for (const port of ['8080', ...new Set(page.match(/\b9\d00\b|\b9\d0\d\b/g))]) ports.set(port, await freePort());
  cpSync(path.join(ROOT, 'examples'), path.join(home.folder, 'examples'), { recursive: true });
  const server = path.join(home.folder, 'examples/provider/server.mjs');
  const text = readFileSync(server, 'utf8');
  writeFileSync(server, text.replace("'whereabouts/issuer'", JSON.stringify(path.join(ROOT, 'src/issuer.ts'))));
});
afterAll(() => home.remove());

const place = (text: string): string => text.replaceAll(/\b\d{4}\b/g, (port) => String(ports.get(port) ?? port));
const command = (text: string): string =>
  place(text)
    .replaceAll('npx whereabouts', `"${process.execPath}" ${path.join(ROOT, 'bin/whereabouts.js')}`)
    .replaceAll('npx node', `"${process.execPath}"`);

/** Without what is another each time: dates, ports, keys and what is made of them, numbers of epochs. */
const lasting = (text: string): string =>
  text
    .replaceAll(path.join(home.folder, 'config'), '~/.config')
    .replaceAll(/\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?/g, 'DATE')
    .replaceAll(/:\d{4,5}\b/g, ':PORT')
    .replaceAll(/(?:epochs? 0 to|epoch) \d+/g, 'EPOCH')
    .replaceAll(/\+[0-9a-f]{8}\+/g, '+ID+')
    .replaceAll(/\b[0-9a-f]{16}\b/g, 'KEY')
    .replaceAll(/(?<![\w-])[\w-]{8}…/g, 'NAME')
    .replaceAll(/[\w+/-]{40,}={0,2}/g, 'KEY')
    .replaceAll(/number \d+/g, 'NUMBER');

test('every quick start works as written', async () => {
  const env = {
    ...home.env,
    // The sandbox, its commands and the kits take ports from here; other servers of the page say theirs themselves.
    WHEREABOUTS_PORT: place('8080'),
    SANDBOX_PORT: place('8080'),
    NETWORK: place('http://127.0.0.1:9100/deliver'),
    RESOLVER: place('http://alicechat.localhost:8080/v1/where'),
  };
  const outputs = await runSteps(
    steps.map((step) => command(step.command)),
    home.folder,
    env,
  );
  const seen = steps.map((step, at) => `$ ${step.command}\n${lasting(outputs[at] ?? '')}`);
  expect(seen).toEqual(steps.map((step) => `$ ${step.command}\n${lasting(step.output)}`));
});

test.each(['Person', 'Gatekeeper', 'Provider', 'Bridge', 'Operator', 'Witness'])('%s has one', (role) => {
  const [, section = ''] = page.split(`\n## ${role}\n`);
  expect(readSteps(section.split('\n## ')[0] ?? '').length).toBeGreaterThanOrEqual(4);
});
