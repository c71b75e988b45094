// The issuer (§4.6) over its own API on both databases: what it signs, for whom, what it keeps, and what it refuses.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { accountMac } from '../../../src/protocol/name.ts';
import { generateKeyPair } from '../../../src/protocol/oprf.ts';
import { nobleGroup } from '../../../src/protocol/group-noble.ts';
import { readAttestation, verifyAttestation } from '../../../src/protocol/token/attestation.ts';
import { verifyPass } from '../../../src/protocol/token/client-token.ts';
import { signPossession } from '../../../src/protocol/token/possession.ts';
import { generateTemporaryKey } from '../../../src/protocol/token/temporary-key.ts';
import { formatB64u, formatHex, parseB64u, utf8 } from '../../../src/protocol/wire.ts';
import { purgeIssuer } from '../../../src/server/issuer/purge.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { BOB, DIRECTORY, ISSUER, issuerWorld, random, type World } from './world.ts';

describe.each(LONG_ENGINES)('issuer on %s', (engine) => {
  let database: TestDatabase;
  let world: World;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await emptyTables(database);
    world = await issuerWorld(database);
  });

  const request = async (more: Record<string, unknown> = {}, account = 'bob') => ({
    directory: DIRECTORY,
    identifier: BOB,
    possession: await world.prove(await generateTemporaryKey(), { account }),
    ...more,
  });
  const rows = async () => (await database.query('select * from issued')).length;

  describe('attesting', () => {
    test('an attestation that a directory accepts, over the name it computed itself', async () => {
      const { key, attestation } = await world.attest({ identifier: ' Bob@BOB.example' });
      const name = world.nameOf(BOB);
      const claims = await verifyAttestation(attestation, {
        now: world.now(),
        aud: DIRECTORY,
        sub: formatB64u(name.name),
        jkt: key.jkt,
        keys: () => world.keys.jwks,
      });
      expect(claims).toMatchObject({
        iss: ISSUER,
        amr: ['account'],
        account: accountMac(name.seal, '@bob:bob.example'),
      });
      expect(claims.exp - claims.iat).toBe(365 * 86_400);
      expect(parseB64u(claims.jti)).toHaveLength(16);
    });

    test('no account without an address, and the proof the accounts name', async () => {
      const { attestation } = await world.attest({ identifier: '+44 20 7946 0123' });
      const claims = readAttestation(attestation);
      expect(claims.amr).toEqual(['sms']);
      expect(claims.account).toBeUndefined();
      expect(claims.sub).toBe(formatB64u(world.nameOf('tel:+442079460123').name));
    });

    test('a national number with its region', async () => {
      const json = await request({ identifier: '020 7946 0123', region: 'GB' });
      const { status, body } = await world.call('/attestations', { account: 'bob', json });
      expect(status).toBe(201);
      expect(readAttestation(String(body['attestation'])).sub).toBe(formatB64u(world.nameOf('tel:+442079460123').name));
    });

    test('a pass for the holder of the key at the directory called', async () => {
      const { key, pass } = await world.attest();
      const claims = await verifyPass(pass, {
        now: world.now(),
        aud: 'api.directory.example',
        keys: () => world.keys.jwks,
      });
      expect(claims).toMatchObject({ iss: ISSUER, sub: key.jkt, exp: world.now() + LIMITS.shortTokenLifeSeconds });
    });

    test('the directory is asked for its newest epoch and one evaluation each time', async () => {
      await world.attest();
      await world.attest();
      const at = (path: string) => world.asked.filter((line) => line.endsWith(path)).length;
      expect([at('/.well-known/whereabouts'), at('/v1/epoch'), at('/v1/evaluate')]).toEqual([1, 2, 2]);
    });

    test('under the key that is not being retired', async () => {
      const next = generateKeyPair(nobleGroup, random);
      const [old] = world.oprf;
      if (old === undefined) throw new Error('no key');
      world.oprf.splice(0, 1, { ...old, until: world.now() + 3_600 }, next);
      const { attestation } = await world.attest();
      expect(readAttestation(attestation).sub).toBe(formatB64u(world.nameOf(BOB, next).name));
    });

    test('a key retired since the configuration was read', async () => {
      await world.attest();
      const next = generateKeyPair(nobleGroup, random);
      world.oprf.splice(0, 1, next);
      const { attestation } = await world.attest();
      expect(readAttestation(attestation).sub).toBe(formatB64u(world.nameOf(BOB, next).name));
    });
  });

  describe('keeping', () => {
    test('the attestation is shown as given out', async () => {
      const { attestation } = await world.attest();
      const { jti } = readAttestation(attestation);
      const shown = await world.call(`/attestations/${jti}`, { method: 'GET' });
      expect([shown.status, shown.body['text']]).toEqual([200, attestation]);
      expect(shown.headers.get('content-type')).toBe('application/jwt');
      expect(shown.headers.get('cache-control')).toBe('no-store');
    });

    test('any other jti is unknown', async () => {
      await world.attest();
      for (const jti of ['A'.repeat(22), 'A', `${'A'.repeat(21)}B`, '%00', '..%2f', 'A'.repeat(5_000)])
        for (const [method, account] of [['GET'], ['DELETE', 'bob']] as const) {
          const { status, body } = await world.call(`/attestations/${jti}`, { method, ...(account && { account }) });
          expect([status, body['code']]).toEqual([404, 'attestation-unknown']);
        }
    });

    test('withdrawing: 410 from then on, and the directory is told by a token that names it', async () => {
      const { attestation } = await world.attest();
      const { jti, sub } = readAttestation(attestation);
      const gone = await world.call(`/attestations/${jti}`, { method: 'DELETE', account: 'bob' });
      expect([gone.status, gone.body]).toEqual([200, { records: 'withdrawn' }]);
      expect(world.withdrawals).toEqual([{ jti, sub }]);
      const shown = await world.call(`/attestations/${jti}`, { method: 'GET' });
      expect([shown.status, shown.body['code']]).toEqual([410, 'attestation-withdrawn']);
    });

    test('a directory that cannot be told now is told by the next call; 410 stands at once', async () => {
      const { attestation } = await world.attest();
      const path = `/attestations/${readAttestation(attestation).jti}`;
      world.faults.set('/v1/records', () => Response.error());
      expect((await world.call(path, { method: 'DELETE', account: 'bob' })).body).toEqual({ records: 'pending' });
      expect((await world.call(path, { method: 'GET' })).status).toBe(410);
      world.faults.set('/v1/records', () => {
        const headers = { 'content-type': 'application/problem+json' };
        return new Response('{"code":"record-unknown"}', { status: 404, headers });
      });
      expect((await world.call(path, { method: 'DELETE', account: 'bob' })).body).toEqual({ records: 'none' });
      world.faults.clear();
      expect((await world.call(path, { method: 'DELETE', account: 'bob' })).body).toEqual({ records: 'withdrawn' });
    });

    test('nobody else withdraws it, or learns that it is there', async () => {
      const { attestation } = await world.attest();
      const path = `/attestations/${readAttestation(attestation).jti}`;
      const { status, body } = await world.call(path, { method: 'DELETE', account: 'eve' });
      expect([status, body['code']]).toEqual([404, 'attestation-unknown']);
      expect((await world.call(path, { method: 'GET' })).status).toBe(200);
      expect(world.withdrawals).toEqual([]);
    });

    test('what is past its end is unknown, and swept out', async () => {
      const { attestation } = await world.attest();
      await world.call('/nonce', { account: 'bob' });
      world.advance(365 * 86_400 - 1);
      const path = `/attestations/${readAttestation(attestation).jti}`;
      expect((await world.call(path, { method: 'GET' })).status).toBe(200);
      await purgeIssuer(world.ctx);
      expect(await rows()).toBe(1);
      world.advance(1);
      expect((await world.call(path, { method: 'GET' })).status).toBe(404);
      await purgeIssuer(world.ctx);
      expect(await rows()).toBe(0);
      expect(await database.query('select * from uses')).toEqual([]);
    });

    test('the database says neither whose nor which', async () => {
      const { attestation } = await world.attest();
      const { body } = await world.call('/nonce', { account: 'bob' });
      const claims = readAttestation(attestation);
      const tables = ['issued', 'uses', 'quotas'];
      const dump = (
        await Promise.all(
          tables.map(async (table) => JSON.stringify(await database.query(`select t::text from ${table} t`))),
        )
      ).join('\n');
      expect(dump.length).toBeGreaterThan(1_000);
      const secrets = [attestation, claims.sub, claims.jti, claims.jkt, String(body['nonce']), 'bob'];
      const octets = [parseB64u(claims.sub), parseB64u(claims.jti), utf8(claims.sub), utf8(attestation.slice(0, 40))];
      for (const secret of secrets) expect(dump.replaceAll(ISSUER, '')).not.toContain(secret);
      for (const secret of octets) expect(dump).not.toContain(formatHex(secret));
      // The search finds what is there.
      expect(dump).toContain(ISSUER);
    });
  });

  describe('refusing', () => {
    test('nobody', async () => {
      const { attestation } = await world.attest();
      const json = await request();
      const places = [
        ['/nonce', 'POST'],
        ['/attestations', 'POST'],
        [`/attestations/${readAttestation(attestation).jti}`, 'DELETE'],
      ] as const;
      for (const [path, method] of places) {
        const sent = path === '/attestations' ? { json } : {};
        const none = await world.call(path, { method, ...sent });
        expect([none.status, none.body['code']]).toEqual([401, 'credentials-required']);
        expect(none.headers.get('www-authenticate')).toBe('Bearer');
        const wrong = await world.call(path, { method, account: 'mallory', ...sent });
        expect([wrong.status, wrong.body['code']]).toEqual([401, 'credentials-invalid']);
      }
      expect(await rows()).toBe(1);
    });

    test("somebody else's identifier", async () => {
      const { status, body } = await world.call('/attestations', { account: 'eve', json: await request({}, 'eve') });
      expect([status, body['code']]).toEqual([403, 'account-refused']);
      expect(world.asked.filter((line) => line.includes('evaluate'))).toEqual([]);
      expect(await rows()).toBe(0);
    });

    test('a directory off the list, without asking anybody', async () => {
      for (const directory of [
        'eve.example',
        'localhost',
        '127.0.0.1',
        'directory.example.',
        '',
        'https://x.example',
      ]) {
        const { status, body } = await world.call('/attestations', {
          account: 'bob',
          json: await request({ directory }),
        });
        expect([status, body['code']]).toEqual([403, 'directory-refused']);
      }
      expect(world.asked).toEqual([]);
    });

    test('what is no identifier, without repeating it', async () => {
      for (const identifier of ['', 'bob', '12', 'mailto:bob', '020 7946 0123', `${'a'.repeat(1_000)}@bob.example`]) {
        const json = await request({ identifier });
        const { status, body } = await world.call('/attestations', { account: 'bob', json });
        expect([status, body['code']]).toEqual([400, 'identifier-invalid']);
        if (identifier.length > 3) expect(JSON.stringify(body)).not.toContain(identifier);
      }
    });

    test('a nonce is good once, for five minutes, for one account', async () => {
      const key = await generateTemporaryKey();
      const possession = await world.prove(key);
      const json = { directory: DIRECTORY, identifier: BOB, possession };
      expect((await world.call('/attestations', { account: 'bob', json })).status).toBe(201);
      const again = await world.call('/attestations', { account: 'bob', json });
      expect([again.status, again.body['code']]).toEqual([400, 'nonce-invalid']);

      const stolen = { ...json, identifier: 'eve@bob.example', possession: await world.prove(key) };
      const other = await world.call('/attestations', { account: 'eve', json: stolen });
      expect([other.status, other.body['code']]).toEqual([400, 'nonce-invalid']);

      const { body } = await world.call('/nonce', { account: 'bob' });
      world.advance(300);
      const claims = { aud: ISSUER, iat: world.now(), exp: world.now() + 300, nonce: String(body['nonce']) };
      const late = { ...json, possession: await signPossession(claims, key) };
      expect((await world.call('/attestations', { account: 'bob', json: late })).body['code']).toBe('nonce-invalid');
      for (const nonce of ['', 'x', 'A'.repeat(43), 'A\0B']) {
        const made = { ...json, possession: await signPossession({ ...claims, nonce }, key) };
        const refused = await world.call('/attestations', { account: 'bob', json: made });
        expect(refused.status).toBe(400);
        expect(['nonce-invalid', 'token-invalid']).toContain(refused.body['code']);
      }
      expect(await rows()).toBe(1);
    });

    test('twenty racing uses of one nonce give one attestation', async () => {
      const json = await request();
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => world.call('/attestations', { account: 'bob', json })),
      );
      const codes = replies.map(({ status, body }) => `${status} ${String(body['code'])}`);
      expect(codes.toSorted()).toEqual(['201 undefined', ...Array.from({ length: 19 }, () => '400 nonce-invalid')]);
      expect(await rows()).toBe(1);
    });

    test('a proof for another issuer, by nobody, or no proof', async () => {
      const key = await generateTemporaryKey();
      const elsewhere = await world.prove(key, { aud: 'eve.example' });
      const good = await world.prove(key);
      const [head, body, signature] = good.split('.');
      const flipped = `${head}.${body}.${signature?.startsWith('A') === true ? 'B' : 'A'}${signature?.slice(1)}`;
      for (const possession of [elsewhere, flipped, `${good}=`, 'x', '', '..']) {
        const refused = await world.call('/attestations', {
          account: 'bob',
          json: { ...(await request()), possession },
        });
        expect([refused.status, refused.body['code']]).toEqual([400, 'token-invalid']);
      }
      world.advance(301);
      const old = await world.call('/attestations', {
        account: 'bob',
        json: { ...(await request()), possession: good },
      });
      expect([old.status, old.body['code']]).toEqual([400, 'token-invalid']);
      expect(await rows()).toBe(0);
    });

    test('more than the quota of one account', async () => {
      const few = { capacity: 2, refill: 1, seconds: 3_600 };
      world = await issuerWorld(database, { attestationsPerAccount: few });
      await world.attest();
      await world.attest();
      const { status, body, headers } = await world.call('/attestations', { account: 'bob', json: await request() });
      expect([status, body['code'], Number(headers.get('retry-after')) >= 3_600]).toEqual([
        429,
        'quota-exceeded',
        true,
      ]);
      await world.attest({ account: 'eve', identifier: 'eve@bob.example' });
      world.advance(3_600);
      await world.attest();
    });

    const SECRET = 'canary-4711@bob.example';
    const BODIES: [string, unknown, number, string?][] = [
      ['[]', undefined, 400],
      ['"x"', undefined, 400],
      ['null', undefined, 400],
      ['', undefined, 400],
      ['{', undefined, 400],
      [`{"identifier":"${SECRET}"`, undefined, 400],
      [`{"identifier":"${SECRET}","identifier":"${SECRET}"}`, undefined, 400],
      ['['.repeat(100_000), undefined, 413],
      ['['.repeat(10_000), undefined, 400],
      ['{"identifier":"\ud800"}', undefined, 400],
      ['', { identifier: SECRET }, 400],
      ['', { directory: DIRECTORY, identifier: SECRET, possession: 'x', more: SECRET }, 400],
      ['', { directory: DIRECTORY, identifier: [SECRET], possession: 'x' }, 400],
      ['', { directory: { a: SECRET }, identifier: SECRET, possession: 'x' }, 400],
      ['', { directory: 7, identifier: SECRET, possession: 'x' }, 400],
      ['', { directory: DIRECTORY, identifier: SECRET, possession: null }, 400],
      ['', { directory: DIRECTORY, identifier: SECRET, possession: 'x'.repeat(9_000) }, 400],
      ['', { directory: DIRECTORY, identifier: SECRET, possession: 'x', region: 'GREAT BRITAIN' }, 400],
      ['', { directory: DIRECTORY, identifier: SECRET, possession: 'x', region: 7 }, 400],
      ['', { directory: DIRECTORY, identifier: SECRET.repeat(5_000), possession: 'x' }, 413],
      ['', { directory: DIRECTORY, identifier: SECRET, possession: 'x' }, 415, 'text/plain'],
      ['', { directory: DIRECTORY, identifier: SECRET, possession: 'x' }, 415, 'application/json; charset=latin1'],
    ];
    test('22 bad bodies: 4xx, a problem document, nothing of what was sent', async () => {
      expect(BODIES).toHaveLength(22);
      for (const [body, json, status, type] of BODIES) {
        const sent = json === undefined ? { body } : { json };
        const refused = await world.call('/attestations', { account: 'bob', ...sent, ...(type && { type }) });
        expect([refused.status, refused.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
        expect(JSON.stringify(refused.body)).not.toMatch(/canary|4711|BRITAIN/);
      }
      const octets = new Uint8Array([0x7b, 0xff, 0x7d]);
      expect((await world.call('/attestations', { account: 'bob', body: octets })).status).toBe(400);
      expect((await world.call('/nonce', { account: 'bob', json: { a: 1 } })).status).toBe(400);
      expect((await world.call('/nonce', { account: 'bob', json: {} })).status).toBe(200);
    });

    test('other methods and paths', async () => {
      const put = await world.call('/attestations', { method: 'PUT', account: 'bob' });
      expect([put.status, put.body['code'], put.headers.get('allow')]).toEqual([
        405,
        'method-refused',
        'POST, OPTIONS',
      ]);
      expect((await world.call('/nothing')).body['code']).toBe('path-unknown');
    });

    test("the directory's troubles are neither the person's nor a 500, and leave nothing behind", async () => {
      const problem = (status: number, code: string) => () =>
        new Response(JSON.stringify({ code }), { status, headers: { 'content-type': 'application/problem+json' } });
      const b64u = (octets: number) => formatB64u(new Uint8Array(octets));
      const troubles: [string, () => Response][] = [
        ['/v1/evaluate', () => Response.error()],
        ['/v1/evaluate', problem(401, 'credentials-invalid')],
        ['/v1/evaluate', problem(403, 'issuer-refused')],
        ['/v1/evaluate', problem(409, 'key-unknown')],
        ['/v1/evaluate', problem(429, 'quota-exceeded')],
        ['/v1/evaluate', problem(500, 'internal-error')],
        ['/v1/evaluate', () => Response.json({})],
        ['/v1/evaluate', () => Response.json({ key: 'x', evaluated: [b64u(32)], proof: b64u(64) })],
        ['/v1/evaluate', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
        ['/v1/epoch', () => new Response('nothing', { headers: { 'content-type': 'text/plain' } })],
        ['/v1/epoch', () => new Response('', { status: 302, headers: { location: 'https://169.254.169.254/' } })],
      ];
      for (const [path, answer] of troubles) {
        world = await issuerWorld(database);
        world.faults.set(path, answer);
        const refused = await world.call('/attestations', { account: 'bob', json: await request() });
        expect([refused.status, refused.body['code']]).toEqual([502, 'peer-unreachable']);
      }
      world = await issuerWorld(database);
      world.faults.set('/.well-known/whereabouts', () => new Response('', { status: 503 }));
      expect((await world.call('/attestations', { account: 'bob', json: await request() })).status).toBe(502);
      expect(await rows()).toBe(0);
    });

    test('a directory that evaluates under another key than it lists', async () => {
      await world.attest();
      const [listed] = world.oprf;
      const lying = generateKeyPair(nobleGroup, random);
      if (listed === undefined) throw new Error('no key');
      world.oprf.splice(0, 1, { ...lying, publicKey: listed.publicKey });
      const refused = await world.call('/attestations', { account: 'bob', json: await request() });
      expect([refused.status, refused.body['code']]).toEqual([502, 'peer-unreachable']);
      expect(await rows()).toBe(1);
    });
  });

  test('the description, and web pages of anybody', async () => {
    const response = await world.app.request('/.well-known/whereabouts');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toMatchObject({
      domain: ISSUER,
      issuer: {
        api: `https://${ISSUER}/whereabouts`,
        attestations: `https://${ISSUER}/whereabouts/attestations/{jti}`,
      },
    });
    const preflight = await world.app.request('/whereabouts/attestations', {
      method: 'OPTIONS',
      headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
  });
});
