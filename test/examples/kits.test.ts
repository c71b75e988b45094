// The kits of examples/, run as they stand there beside a sandbox: a provider with its own login, a bridge, a gatekeeper. Only
// the package's place is put in. What they must show: somebody of the new provider is found, and a message reaches them.
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { makeHome, run, startSandbox, type Home } from '../support/program.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ROOT = path.resolve(import.meta.dirname, '../..');
const NUMBER = '+442079460777';
const closers: (() => unknown)[] = [];
let home: Home;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let provider: Example;
let bridge: Example;
let gatekeeper: Example;

interface Example {
  readonly url: string;
  output(): string;
}

/** The program under examples/, until it says where it listens. */
async function startExample(name: string, env: Record<string, string>): Promise<Example> {
  const child = spawn(process.execPath, [path.join(home.folder, 'examples', name, 'server.mjs')], {
    env: { ...home.env, ...env },
  });
  closers.push(() => child.kill());
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const read = (part: Buffer) => {
      output += part.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('close', () => reject(new Error(output)));
  });
  return { url, output: () => output };
}

const portOf = ({ url }: Example): string => new URL(url).port;

async function post(url: string, json: unknown, token?: string): Promise<{ status: number; json: unknown }> {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(json) });
  return { status: response.status, json: await response.json() };
}

beforeAll(async () => {
  home = makeHome();
  cpSync(path.join(ROOT, 'examples'), path.join(home.folder, 'examples'), { recursive: true });
  const server = path.join(home.folder, 'examples/provider/server.mjs');
  const text = readFileSync(server, 'utf8');
  writeFileSync(server, text.replace("'whereabouts/issuer'", JSON.stringify(path.join(ROOT, 'src/issuer.ts'))));
  const port = String(await freePort());
  const world = { SANDBOX_PORT: port, RESOLVER: `http://alicechat.localhost:${port}/v1/where`, PORT: '0' };
  provider = await startExample('provider', { ...world, DATA: home.folder, BRIDGE: 'mybridge.localhost' });
  bridge = await startExample('bridge', { ...world, NETWORK: `${provider.url}/deliver` });
  gatekeeper = await startExample('gatekeeper', world);
  const guests = [`mychat.localhost=${portOf(provider)}`, `mybridge.localhost=${portOf(bridge)}`];
  sandbox = await startSandbox(home, ['--port', port, ...guests.flatMap((guest) => ['--guest', guest])]);
  closers.push(() => sandbox.stop());
});
afterAll(async () => {
  for (const close of closers) await close();
  home.remove();
});

test('each is under a hundred lines', () => {
  const examples = path.join(ROOT, 'examples');
  const files = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.mjs'));
  const long = files.filter((file) => readFileSync(path.join(examples, file), 'utf8').split('\n').length > 100);
  expect({ files: files.length, long }).toEqual({ files: 4, long: [] });
});

test('somebody of the new provider registers, is found with a bridge, and gets the message', async () => {
  const account = { name: 'me', password: 'correct horse' };
  expect((await post(`${provider.url}/signup`, account)).status).toBe(201);
  const { token } = (await post(`${provider.url}/login`, account)).json as { token: string };
  expect((await post(`${provider.url}/numbers`, { number: NUMBER }, token)).status).toBe(202);

  // Before the number is proved, the issuer vouches for nobody.
  const file = path.join(home.folder, 'authorization');
  writeFileSync(file, `Bearer ${token}\n`, { mode: 0o600 });
  const registering = ['register', NUMBER, '--provider', 'mychat.localhost', '--directory', 'directory.localhost'];
  const as = ['--address', '@me:mychat.localhost', '--authorization-file', file];
  const refused = await run([...registering, ...as], sandbox.env);
  expect({ code: refused.code, refusal: refused.stderr.includes('account-refused') }).toEqual({
    code: 4,
    refusal: true,
  });

  await vi.waitFor(() => expect(provider.output()).toMatch(/code is \d{6}/));
  const code = /code is (\d{6})/.exec(provider.output())?.[1];
  expect((await post(`${provider.url}/numbers/confirm`, { code }, token)).status).toBe(200);
  const registered = await run([...registering, ...as], sandbox.env);
  expect(registered).toMatchObject({ code: 0, stderr: '' });

  const found = await post(`${gatekeeper.url}/find`, { id: NUMBER });
  expect(found.json).toEqual({
    outcome: 'found',
    ways: [
      {
        provider: 'MyChat',
        address: '@me:mychat.localhost',
        verified: true,
        endpoint: `http://mybridge.localhost:${sandbox.port}/in`,
        warning: 'This conversation is re-encrypted by mybridge.localhost, whose operator could read it.',
        readers: ['mybridge.localhost'],
        ask: true,
      },
    ],
    instead: [],
  });
  const { ways } = found.json as { ways: { endpoint: string; address: string }[] };
  const message = { endpoint: ways[0]?.endpoint, to: ways[0]?.address, text: 'hello' };
  expect((await post(`${gatekeeper.url}/send`, message)).json).toEqual({ sent: true });
  const inbox = await fetch(`${provider.url}/inbox`, { headers: { authorization: `Bearer ${token}` } });
  expect(await inbox.json()).toEqual({
    messages: [{ from: '@alice:alicechat.localhost (through mybridge.localhost, re-encrypted)', text: 'hello' }],
  });
});

test('the bridge finds the way back, and lets no message through twice', async () => {
  const back = await post(`${bridge.url}/out`, { to: NUMBER, from: '@me:mychat.localhost', text: 'to myself' });
  // From MyChat to somebody on MyChat no bridge is needed, so there is no endpoint to send to.
  expect({ status: back.status, json: back.json }).toEqual({ status: 404, json: { outcome: 'found' } });
  const message = { to: '@me:mychat.localhost', from: '@alice:alicechat.localhost', text: 'once', id: 'one' };
  expect((await post(`${bridge.url}/in`, message)).json).toEqual({});
  expect((await post(`${bridge.url}/in`, message)).json).toEqual({ duplicate: true });
});

test('what is no identifier, and who is not there', async () => {
  expect((await post(`${gatekeeper.url}/find`, { id: 'nobody' })).json).toEqual({
    error: 'This is no phone number or e-mail address.',
  });
  const absent = await post(`${gatekeeper.url}/find`, { id: '+442079460999' });
  expect(absent.json).toMatchObject({ outcome: 'absent', ways: [], instead: ['BobChat', 'CharlieChat'] });
});
