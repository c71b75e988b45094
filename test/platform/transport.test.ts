// Node's transport against a real DNS server and real TLS: only checked addresses, only the address that was checked.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSafeFetch } from '../../src/evidence/safe-fetch.ts';
import { allowedAddresses } from '../../src/platform/node/addresses.ts';
import { createNodeTransport } from '../../src/platform/node/transport.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { startDns } from '../support/dns.ts';
import { serveHttp, serveHttps, trustedCertificate, type Served } from '../support/https.ts';

const PUBLIC = '203.0.114.1';

const PRIVATE = {
  'this.example': ['0.0.0.0'],
  'ten.example': ['10.1.2.3'],
  'shared.example': ['100.64.0.1'],
  'loop.example': ['127.0.0.1'],
  'link.example': ['169.254.169.254'],
  'oneseventwo.example': ['172.31.255.255'],
  'protocol.example': ['192.0.0.8'],
  'documentation.example': ['192.0.2.1'],
  'relay.example': ['192.88.99.1'],
  'home.example': ['192.168.1.1'],
  'bench.example': ['198.18.0.1'],
  'multicast.example': ['224.0.0.1'],
  'future.example': ['240.0.0.1'],
  'broadcast.example': ['255.255.255.255'],
  'unspecified6.example': ['::'],
  'loop6.example': ['::1'],
  'mapped.example': ['::ffff:10.0.0.1'],
  'compatible.example': ['::7f00:1'],
  'nat64.example': ['64:ff9b::7f00:1'],
  'localnat64.example': ['64:ff9b:1::7f00:1'],
  'discard.example': ['100::1'],
  'teredo.example': ['2001::1'],
  'documentation6.example': ['2001:db8::1'],
  'sixtofour.example': ['2002:7f00:1::'],
  'unique.example': ['fd00::1'],
  'link6.example': ['fe80::1'],
  'site6.example': ['fec0::1'],
  'multicast6.example': ['ff02::1'],
  'unassigned.example': ['4000::1'],
  'mixed.example': [PUBLIC, '10.0.0.1'],
  'mixed6.example': [PUBLIC, 'fd00::1'],
  'last.example': ['2606:4700::1', '127.0.0.2'],
};

let dns: Awaited<ReturnType<typeof startDns>>;
let certificate: { key: string; cert: string };
let good: Served;
let other: Served;
const reached: string[] = [];

const answer = (where: string) => (request: IncomingMessage, response: ServerResponse) => {
  reached.push(`${where} ${request.method} ${request.headers.host} ${request.url}`);
  if (request.url === '/slow') {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{');
    return;
  }
  if (request.url === '/packed') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('{}');
    return;
  }
  if (request.url === '/large' || request.url === '/page') {
    const [status, type] = request.url === '/large' ? [200, 'application/json'] : [404, 'text/html'];
    response.writeHead(status, { 'content-type': type });
    const more = () => {
      if (!response.destroyed && response.write(Buffer.alloc(65_536))) setImmediate(more);
    };
    response.on('drain', more);
    more();
    return;
  }
  if (request.url === '/moved') {
    response.writeHead(302, { location: `https://www.good.test.example:${good.port}/` }).end();
    return;
  }
  if (request.url === '/inside') {
    response.writeHead(302, { location: `https://inside.good.test.example:${good.port}/` }).end();
    return;
  }
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ where, body: Buffer.concat(parts).toString(), type: request.headers['content-type'] }),
    );
  });
};

beforeAll(async () => {
  certificate = await trustedCertificate([
    'good.test.example',
    '*.good.test.example',
    'rebind.example',
    'late.example',
    'six.example',
  ]);
  good = await serveHttps(certificate, answer('good'), { host: '127.0.0.1' });
  other = await serveHttps(certificate, answer('other'), { host: '127.0.0.2', port: good.port });
  dns = await startDns({
    ...PRIVATE,
    'good.test.example': ['127.0.0.1'],
    'www.good.test.example': ['127.0.0.1'],
    'inside.good.test.example': ['127.0.0.3'],
    'wrong.example': ['127.0.0.1'],
    'none.example': [],
    'rebind.example': [['127.0.0.1'], ['127.0.0.2'], ['127.0.0.2']],
    'late.example': [['127.0.0.3'], ['127.0.0.1'], ['127.0.0.1']],
  });
});
afterAll(async () => {
  await Promise.all([good.close(), other.close(), dns.close()]);
});

const fetcher = (allow: string[] = ['127.0.0.1/32']) =>
  createSafeFetch(createNodeTransport({ allow, dns: dns.server }), { sandbox: false });
const at = (name: string, path = '/') => `https://${name}:${good.port}${path}`;
const described = { describedPort: true };

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof WhereaboutsError ? error.code : String(error)),
  );
}

describe('addresses', () => {
  test.each(Object.keys(PRIVATE))('%s is not connected to', async (name) => {
    const before = reached.length;
    expect(await codeOf(fetcher([])(at(name), described))).toBe('url-refused');
    expect(dns.asked).toContain(`A ${name}`);
    expect(reached).toHaveLength(before);
  });
  test('32 names with addresses that are not public', () => expect(Object.keys(PRIVATE)).toHaveLength(32));

  test('public unicast passes', () => {
    const isAllowed = allowedAddresses([]);
    for (const address of [PUBLIC, '1.1.1.1', '223.255.255.254', '2606:4700:4700::1111', '::ffff:1.1.1.1', '2a00::1'])
      expect(isAllowed(address)).toBe(true);
  });

  test('the allow list lets exactly its CIDRs through', async () => {
    const fetched = await fetcher()(at('good.test.example', '/x?y'), described);
    expect(JSON.parse(new TextDecoder().decode(fetched.body))).toMatchObject({ where: 'good' });
    expect(reached.at(-1)).toBe(`good GET good.test.example:${good.port} /x?y`);
    expect(await codeOf(fetcher(['127.0.0.2/31'])(at('good.test.example'), described))).toBe('url-refused');
    expect(await codeOf(fetcher(['127.0.0.1'])(at('good.test.example'), described))).toBe('no failure');
    expect(await codeOf(fetcher(['::ffff:0:0/96'])(at('good.test.example'), described))).toBe('url-refused');
    for (const bad of ['127.0.0.1/33', 'localhost', '', '127.0.0.0/'])
      expect(() => createNodeTransport({ allow: [bad] })).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });

  test('the connection goes to the address that was checked, whatever the next answer says', async () => {
    const fetched = await fetcher()(at('rebind.example'), described);
    expect(JSON.parse(new TextDecoder().decode(fetched.body))).toMatchObject({ where: 'good' });
    expect(dns.asked.filter((question) => question === 'A rebind.example')).toHaveLength(1);
    // The other way round: refused at once, although the next answer would do.
    expect(await codeOf(fetcher()(at('late.example'), described))).toBe('url-refused');
    expect(await codeOf(fetcher()(at('late.example'), described))).toBe('no failure');
  });

  test('a name that does not exist, or has no address, is unreachable', async () => {
    expect(await codeOf(fetcher()(at('nobody.example'), described))).toBe('peer-unreachable');
    expect(await codeOf(fetcher()(at('none.example'), described))).toBe('peer-unreachable');
  });

  test('what no lookup is asked for is refused before', async () => {
    const transport = createNodeTransport();
    const signal = AbortSignal.timeout(5_000);
    for (const href of ['127.0.0.1', '[::1]', 'localhost', 'a.localhost'].map((host) => `https://${host}/`))
      expect(await codeOf(transport({ url: new URL(href), method: 'GET', headers: {}, signal }))).toBe('url-refused');
    for (const href of ['http://a.example/', 'http://a.localhost/', 'file:///etc/passwd'])
      expect(await codeOf(transport({ url: new URL(href), method: 'GET', headers: {}, signal }))).toBe('url-refused');
  });
});

describe('exchange', () => {
  test('a certificate for another name is no connection', async () => {
    expect(await codeOf(fetcher()(at('wrong.example'), described))).toBe('peer-unreachable');
  });
  test('redirects are checked like first requests', async () => {
    const moved = await fetcher()(at('good.test.example', '/moved'), described);
    expect(moved.url.hostname).toBe('www.good.test.example');
    expect(await codeOf(fetcher()(at('good.test.example', '/inside'), described))).toBe('url-refused');
  });
  test('a body goes out and its reply comes back', async () => {
    const fetched = await fetcher()(at('good.test.example', '/put'), {
      ...described,
      method: 'PUT',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    });
    const reply = JSON.parse(new TextDecoder().decode(fetched.body));
    expect(reply).toEqual({ where: 'good', body: '{"a":1}', type: 'application/json' });
  });
  test('a trickle ends with the time given', async () => {
    const from = performance.now();
    const slow = fetcher()(at('good.test.example', '/slow'), { ...described, timeoutMs: 300 });
    expect(await codeOf(slow)).toBe('peer-unreachable');
    expect(performance.now() - from).toBeLessThan(2_000);
  });
  test('an endless body is cut off at the limit, an endless error page at once', async () => {
    expect(await codeOf(fetcher()(at('good.test.example', '/large'), described))).toBe('url-refused');
    expect((await fetcher()(at('good.test.example', '/page'), described)).status).toBe(404);
  });
  test('nothing packed is unpacked', async () => {
    expect(await codeOf(fetcher()(at('good.test.example', '/packed'), described))).toBe('url-refused');
  });
});

describe('sandbox', () => {
  test('*.localhost goes to the one port, with its own host name', async () => {
    const seen: string[] = [];
    const served = await serveHttp((request, response) => {
      seen.push(`${request.headers.host}${request.url}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    const fetch = createSafeFetch(createNodeTransport({ sandboxPort: served.port, dns: dns.server }), {
      sandbox: true,
    });
    await fetch('http://bobchat.localhost/.well-known/whereabouts');
    await fetch(`http://directory.localhost:${served.port}/v1/config`, described);
    expect(seen).toEqual(['bobchat.localhost/.well-known/whereabouts', `directory.localhost:${served.port}/v1/config`]);
    expect(await codeOf(fetch('http://directory.localhost:1/', described))).toBe('url-refused');
    expect(await codeOf(fetch('https://loop.example/'))).toBe('url-refused');
    await served.close();
    expect(await codeOf(fetch('http://bobchat.localhost/'))).toBe('peer-unreachable');
  });
});
