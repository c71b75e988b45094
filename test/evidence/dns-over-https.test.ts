// TXT records over HTTPS, as Cloudflare's and Google's resolvers tell them: joined strings, names that are not there, failures.
import { expect, test } from 'vitest';
import { createTxtOverHttps } from '../../src/evidence/dns-over-https.ts';
import { createSafeFetch } from '../../src/evidence/safe-fetch.ts';

const NAME = '_whereabouts.bob.example';

/** Asks a resolver that answers so. */
async function resolve(body: unknown, status = 200, type = 'application/dns-json'): Promise<string[]> {
  const asked: string[] = [];
  const fetch = createSafeFetch(
    ({ url }) => {
      asked.push(url.href);
      return Promise.resolve(new Response(JSON.stringify(body), { status, headers: { 'content-type': type } }));
    },
    { sandbox: false },
  );
  const found = createTxtOverHttps(fetch, Date.now, 'https://dns.example/dns-query')(NAME);
  expect(asked).toEqual([`https://dns.example/dns-query?name=${NAME}&type=TXT`]);
  return await found;
}

const answer = (...data: string[]) => ({
  Status: 0,
  TC: false,
  RD: true,
  Question: [{ name: NAME, type: 16 }],
  Answer: [
    { name: NAME, type: 5, TTL: 60, data: 'elsewhere.example.' },
    ...data.map((text) => ({ name: NAME, type: 16, TTL: 60, data: text })),
  ],
});

test('strings of a record are joined, escapes read, other records left out', async () => {
  expect(await resolve(answer('"whereabouts-" "proof=x"', '"a \\"quoted\\" \\\\ \\065"', 'bare'))).toEqual([
    'whereabouts-proof=x',
    'a "quoted" \\ A',
    'bare',
  ]);
});

test('a name that is not there has none', async () => {
  expect(await resolve({ Status: 3 })).toEqual([]);
  expect(await resolve({ Status: 0 })).toEqual([]);
});

test('whatever else comes is no answer', async () => {
  const refusals = [
    resolve({ Status: 2 }),
    resolve({ Status: 5 }),
    resolve({}),
    resolve(answer(), 500),
    resolve(answer(), 404),
    resolve(answer(), 200, 'text/html'),
  ];
  for (const refusal of refusals) await expect(refusal).rejects.toMatchObject({ code: 'peer-unreachable' });
});
