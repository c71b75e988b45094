// A look of one's own at a claimed account: the service's word against the marker, and nobody asked where nobody may be.
import { expect, test } from 'vitest';
import { lookAtAccount, parseClaim, proofMarker, type LinkedClaim, type Transport } from '../../src/index.ts';
import { formatB64u } from '../../src/protocol/wire.ts';

const LINK = formatB64u(new Uint8Array(32).fill(7));
const GIST = '0123456789abcdef0123456789abcdef';
const claim = (service: string, account: string, where?: string): LinkedClaim => ({
  ...parseClaim({ service, account, where }),
  link: LINK,
});

/** Answers every question alike, and remembers which there were. */
function answering(body: unknown, status = 200): { transport: Transport; asked: string[] } {
  const asked: string[] = [];
  const transport: Transport = async ({ url }) => {
    asked.push(url.href);
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  };
  return { transport, asked };
}

const clock = () => 1_790_000_000_000;
const gist = (login: string, content: string) => ({ id: GIST, owner: { login }, files: { 'proof.md': { content } } });

test('the author and his marker, nobody else and nothing else', async () => {
  const look = (body: unknown, status?: number) =>
    lookAtAccount(claim('github', 'bob', GIST), { ...answering(body, status), clock });
  expect(await look(gist('Bob', proofMarker(LINK)))).toMatchObject({
    state: 'ok',
    checker: 'self',
    checkedAt: 1_790_000_000,
  });
  expect(await look(gist('eve', proofMarker(LINK)))).toMatchObject({ state: 'failed', reason: 'author-differs' });
  expect(await look(gist('bob', `${proofMarker(LINK)}x`))).toMatchObject({
    state: 'failed',
    reason: 'statement-missing',
  });
  expect(await look({}, 500)).toMatchObject({ state: 'unreachable' });
});

test('DNS is asked over HTTPS, of the resolver that is named', async () => {
  const txt = { Status: 0, Answer: [{ type: 16, data: `"${proofMarker(LINK)}"` }] };
  const { transport, asked } = answering(txt);
  const dns = 'https://dns.example/query';
  expect(await lookAtAccount(claim('dns', 'bob.example'), { transport, clock, dns })).toMatchObject({ state: 'ok' });
  expect(asked).toEqual(['https://dns.example/query?name=_whereabouts.bob.example&type=TXT']);
});

test('a passive look asks nobody whom the owner of the account may be; an import is never asked about', async () => {
  const { transport, asked } = answering(gist('bob', proofMarker(LINK)));
  const options = { transport, clock, passive: true };
  const own = [
    claim('dns', 'bob.example'),
    claim('https', 'bob.example'),
    claim('activitypub', '@bob@bob.example'),
    claim('matrix', '@bob:bob.example'),
  ];
  for (const one of own) expect([one.service, await lookAtAccount(one, options)]).toEqual([one.service, undefined]);
  expect(await lookAtAccount(claim('keybase', 'bob'), { ...options, passive: false })).toBeUndefined();
  expect(asked).toEqual([]);
  expect(await lookAtAccount(claim('github', 'bob', GIST), options)).toMatchObject({ state: 'ok' });
  expect(asked.length).toBe(1);
});
