// Ten thousand bad requests over real sockets against the sandbox as it starts: only 4xx, each a problem document from the
// closed list, none echoing what was sent, memory flat.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CODES } from '../../src/protocol/errors.ts';
import { judgeBy, type Judge, type Reference } from '../support/conformance.ts';
import { makeHome, startSandbox, type Home } from '../support/program.ts';
import { formatRequest, sendRaw, type RawRequest, type RawResponse } from '../support/raw-http.ts';
import { BODY_FAULTS, createDice, spoilToken, type Dice, type Fault } from './faults.ts';
import { badPaths, createSubjects, DIRECTORY, GATEKEEPER, ISSUER, type Made, type Subject } from './subjects.ts';

const COUNT = 10_000;
const PARALLEL = 12;

let home: Home;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let subjects: Subject[];
/** What each host says of its own API. */
const references = new Map<string, Judge>();

const send = (request: RawRequest) => sendRaw(sandbox.port, formatRequest(request), { end: request.cutOff === true });

async function sendJson(made: Made): Promise<{ [member: string]: string }> {
  const response = await send(made.request);
  if (response === undefined || response.status >= 300)
    throw new Error(`refused: ${response?.status} ${response?.body.toString()}`);
  return JSON.parse(response.body.toString()) as { [member: string]: string };
}

beforeAll(async () => {
  home = makeHome({ WHEREABOUTS_LOG_LEVEL: 'debug' });
  const data = path.join(home.folder, 'sandbox');
  sandbox = await startSandbox(home, ['--port', '0', '--data', data]);
  const config = await send({ method: 'GET', path: '/v1/config', host: 'directory.localhost' });
  const key = /^oprf ([0-9a-f]{16}) /m.exec(config?.body.toString() ?? '')?.[1] ?? '';
  subjects = await createSubjects(data, sendJson, key);
  for (const host of [DIRECTORY, ISSUER, GATEKEEPER]) {
    const reply = await send({ method: 'GET', path: '/openapi.json', host });
    references.set(host, judgeBy(JSON.parse(reply?.body.toString() ?? '') as Reference));
  }
}, 120_000);

afterAll(async () => {
  await sandbox.stop();
  home.remove();
});

/** Spoils one token of a request: in the body, in its list, or in the header. */
function tokenFault(subject: Subject): Fault {
  return {
    name: 'token',
    spoil: (request, body, marker, dice) => {
      const place = subject.tokens[dice(subject.tokens.length)] ?? '';
      if (place === 'authorization') {
        const headers = (request.headers ?? []).map(([name, value]) =>
          name === 'Authorization'
            ? ([name, `Bearer ${spoilToken(value.slice(7), marker, dice).trim()}x`] as const)
            : ([name, value] as const),
        );
        return { ...request, headers };
      }
      const value = body[place];
      const spoiled = Array.isArray(value)
        ? value.map((token) => spoilToken(String(token), marker, dice))
        : spoilToken(String(value), marker, dice);
      return { ...request, body: Buffer.from(JSON.stringify({ ...body, [place]: spoiled })) };
    },
  };
}

/** Elements that are none, and too many or too few of them. */
const ELEMENT_FAULT: Fault = {
  name: 'element',
  spoil: (request, body, marker, dice) => {
    const good = Array.isArray(body['blinded']) ? body['blinded'].map(String) : [];
    const [first = ''] = good;
    const forms = [
      [],
      Array.from({ length: 257 }, () => first),
      [...good, Buffer.alloc(32).toString('base64url')],
      [...good, Buffer.alloc(32, 0xff).toString('base64url')],
      [...good, Buffer.alloc(31, 1).toString('base64url')],
      [...good, `${first}=`],
      [...good, `${first.slice(0, -1)}_`],
      [...good, marker],
      [...good, 7],
    ];
    return { ...request, body: Buffer.from(JSON.stringify({ ...body, blinded: forms[dice(forms.length)] })) };
  },
};

interface Case {
  readonly endpoint: string;
  readonly fault: string;
  readonly credentials: boolean;
  readonly marker: string;
  readonly request: RawRequest;
  /** Values of the sound request, none of which may come back. */
  readonly sent: readonly string[];
}

async function makeCase(number: number, dice: Dice): Promise<Case> {
  const marker = `mk${number.toString(36)}z${dice(0x7fffffff).toString(36)}`;
  if (number % 10 === 0) {
    const paths = badPaths(marker);
    const { endpoint, request } = paths[(number / 10) % paths.length] ?? {
      endpoint: '',
      request: { method: 'GET', path: '/', host: '' },
    };
    return { endpoint, fault: 'path', credentials: false, marker, request, sent: [] };
  }
  const subject = subjects[number % subjects.length];
  if (subject === undefined) throw new Error('no subject');
  const made = await subject.make();
  const special = subject.endpoint === 'POST /v1/evaluate' ? [ELEMENT_FAULT] : [];
  const faults =
    subject.tokens.length > 0 ? [...special, tokenFault(subject), tokenFault(subject), ...BODY_FAULTS] : BODY_FAULTS;
  const fault = faults[dice(faults.length)];
  if (fault === undefined) throw new Error('no fault');
  const sent = Object.values(made.body)
    .flat()
    .filter((value): value is string => typeof value === 'string' && value.length >= 16);
  return {
    endpoint: subject.endpoint,
    fault: fault.name,
    credentials: subject.credentials,
    marker,
    request: fault.spoil(made.request, made.body, marker, dice),
    sent,
  };
}

/** What is wrong with an answer to a bad request; nothing is an empty list. */
function judge(given: Case, response: RawResponse | undefined): string[] {
  // Whoever stops in mid-sentence may be hung up on without a word.
  if (response === undefined) return given.fault === 'cut off' ? [] : ['no answer'];
  const text = response.body.toString('latin1');
  const wrong: string[] = [];
  if (response.status < 400 || response.status > 499) wrong.push(`status ${response.status}`);
  if (response.headers.get('content-type') !== 'application/problem+json') wrong.push('no problem document');
  else {
    const problem = JSON.parse(text) as { type?: string; status?: number; code?: string; title?: string };
    if (problem.code === undefined || !Object.hasOwn(CODES, problem.code)) wrong.push('a code outside the list');
    if (problem.type !== `urn:whereabouts:error:${problem.code}`) wrong.push('type');
    if (problem.status !== response.status) wrong.push('another status inside');
    if (problem.title === undefined) wrong.push('no title');
  }
  const { host, method, path: asked } = given.request;
  const type = response.headers.get('content-type') ?? '';
  const told = references.get(host)?.(method, asked.replace(/\?.*$/s, ''), response.status, type, text);
  if (told !== undefined) wrong.push(told);
  const all = text + [...response.headers.values()].join('\n');
  if (all.includes(given.marker)) wrong.push('echoes what was sent');
  if (given.sent.some((value) => all.includes(value.slice(0, 16)))) wrong.push('echoes a token');
  return wrong;
}

const residentOctets = (): number => {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${sandbox.pid}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
};

test('the sound requests are accepted, so that each fault stands alone', async () => {
  for (const subject of subjects.filter(({ endpoint }) => !endpoint.includes('withdrawal'))) {
    const { request } = await subject.make();
    const response = await send(request);
    expect({ endpoint: subject.endpoint, ok: (response?.status ?? 0) < 300 }).toEqual({
      endpoint: subject.endpoint,
      ok: true,
    });
  }
});

test(`${COUNT} bad requests`, { timeout: 400_000 }, async () => {
  const dice = createDice(20_261_123);
  const table: Record<string, Record<string, number>> = {};
  const failures: string[] = [];
  const memory: number[] = [];
  let [next, withCredentials] = [0, 0];
  const worker = async (): Promise<void> => {
    while (next < COUNT) {
      const number = next++;
      if (number % 1_000 === 0) memory.push(residentOctets());
      const given = await makeCase(number, dice);
      const response = await send(given.request);
      if (given.credentials) withCredentials++;
      const code =
        response === undefined
          ? 'hung up'
          : (/"code":"([a-z-]+)"/.exec(response.body.toString('latin1'))?.[1] ?? `${response.status}`);
      const row = (table[given.endpoint] ??= {});
      row[code] = (row[code] ?? 0) + 1;
      failures.push(...judge(given, response).map((wrong) => `${given.endpoint}, ${given.fault}: ${wrong} (${code})`));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  memory.push(residentOctets());
  const rows = Object.entries(table).toSorted(([a], [b]) => a.localeCompare(b));
  for (const [endpoint, codes] of rows)
    console.log(
      `${endpoint.padEnd(38)} ${Object.entries(codes)
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([code, count]) => `${code} ${count}`)
        .join(', ')}`,
    );
  console.log(`resident memory, MB: ${memory.map((octets) => Math.round(octets / 1e6)).join(' ')}`);
  expect([...new Set(failures)].slice(0, 40)).toEqual([]);
  expect(withCredentials).toBeGreaterThanOrEqual(COUNT / 2);
  expect(rows.length).toBeGreaterThanOrEqual(12);
  // A quota in the way would hide what is tested.
  const counts = Object.values(table).flatMap((codes) => Object.entries(codes));
  const refusedByQuota = counts
    .filter(([code]) => code === 'quota-exceeded')
    .reduce((sum, [, count]) => sum + count, 0);
  expect(refusedByQuota).toBeLessThan(COUNT / 100);
  // Flat once warm: the last reading against the highest of the first half.
  const half = memory.slice(1, Math.ceil(memory.length / 2) + 1);
  expect(memory.at(-1) ?? Infinity).toBeLessThan(1.25 * Math.max(...half));
});

test('after all that a sound request is still accepted, and nothing the sandbox wrote is a fault of its own', async () => {
  const withdrawal = subjects.find(({ endpoint }) => endpoint.includes('withdrawal'));
  const response = await send((await withdrawal?.make())?.request ?? { method: 'GET', path: '/', host: '' });
  expect(response?.status).toBe(200);
  expect(sandbox.stderr()).not.toMatch(/request-failed|internal-error|unhandled/i);
});
