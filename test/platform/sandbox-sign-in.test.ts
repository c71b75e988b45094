// The sandbox's sign-in: a code is good once, for one account, for ten minutes and for five tries.
import { beforeEach, expect, test } from 'vitest';
import { signInApp } from '../../src/platform/node/sandbox/sign-in.ts';
import { UNCOUNTED } from '../../src/server/metrics.ts';

let now: number;
let app: ReturnType<typeof signInApp>;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

beforeEach(() => {
  now = 1_790_000_000_000;
  const random = (octets: number) => crypto.getRandomValues(new Uint8Array(octets));
  app = signInApp({ clock: () => now, random, log: quiet, metrics: UNCOUNTED, later: () => undefined });
});

async function post(path: string, body: object): Promise<{ status: number; reply: Record<string, string> }> {
  const headers = { 'content-type': 'application/json' };
  const response = await app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, reply: (await response.json()) as Record<string, string> };
}
const send = async (account: string) => (await post('/sandbox/codes', { account })).reply['shown'] ?? '';
const enter = (account: string, code: string) => post('/sandbox/sessions', { account, code });
const wrong = (code: string) => code.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));

test('the code that was shown gives the account’s credentials, once', async () => {
  const code = await send('me');
  expect(code).toMatch(/^\d{6}$/);
  expect(await enter('me', code)).toEqual({ status: 200, reply: { authorization: 'Bearer sandbox-me' } });
  expect(await enter('me', code)).toMatchObject({ status: 401, reply: { code: 'credentials-invalid' } });
});

test('no other code, no other account, not later', async () => {
  const code = await send('me');
  expect((await enter('me', wrong(code))).status).toBe(401);
  expect((await enter('you', code)).status).toBe(401);
  now += 600_001;
  expect((await enter('me', code)).status).toBe(401);
});

test('five tries', async () => {
  const code = await send('me');
  for (let tries = 0; tries < 5; tries++) expect((await enter('me', wrong(code))).status).toBe(401);
  expect((await enter('me', code)).status).toBe(401);
});

test('what is no account is refused and not repeated', async () => {
  const { status, reply } = await post('/sandbox/codes', { account: 'Robert’); DROP' });
  expect([status, reply['code']]).toEqual([400, 'request-invalid']);
  expect(JSON.stringify(reply)).not.toContain('DROP');
});
