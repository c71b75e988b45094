// The URL rules of §8.1 over scripted transports: what is asked, what is refused before and after asking.
import { describe, expect, test, vi } from 'vitest';
import { createSafeFetch, type FetchOptions, type Transport } from '../../src/evidence/safe-fetch.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Answers by URL; what is not in the table is a failing peer. Records what was asked. */
function scripted(table: Record<string, () => Response>) {
  const asked: Parameters<Transport>[0][] = [];
  const transport: Transport = async (request) => {
    asked.push(request);
    const answer = table[request.url.href];
    if (answer === undefined) throw new Error(`connect ECONNREFUSED ${request.url.href}`);
    return answer();
  };
  return { transport, asked };
}

const redirect =
  (location: string, status = 302) =>
  () =>
    new Response('', { status, headers: { location } });
const ok =
  (body = '{}') =>
  () =>
    new Response(body, { headers: JSON_TYPE });

async function failure(work: Promise<unknown>): Promise<WhereaboutsError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof WhereaboutsError)) throw new Error('no WhereaboutsError', { cause: error });
  return error;
}

test('a fetch that has ended, well or not, leaves no timer', async () => {
  vi.useFakeTimers();
  try {
    const { transport } = scripted({ 'https://a.example/': ok() });
    const fetch = createSafeFetch(transport, { sandbox: false });
    await fetch('https://a.example/');
    await failure(fetch('https://b.example/'));
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

describe('URLs', () => {
  const REFUSED = [
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://127.1/',
    'https://0177.0.0.01/',
    'https://8.8.8.8/',
    'https://8.8.8.8./',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[2606:4700:4700::1111]/',
    'https://%31%32%37.0.0.1/',
    'https://１２７.0.0.1/',
    'https://127。0。0。1/',
    'http://bob.example/',
    'http://bob.localhost/',
    'https://bob.localhost/',
    'https://localhost/',
    'https://bob.localhost./',
    'https://intranet/',
    'https://bob.example./',
    'https://a..example/',
    'https://bob:secret@bob.example/',
    'https://bob@bob.example/',
    'https://bob.example:444/',
    'https://bob.example:80/',
    'file:///etc/passwd',
    'ftp://bob.example/',
    'data:application/json,{}',
    'javascript:0',
    'gopher://bob.example/',
    'https:\\\\bob.example/',
    'https://bob.example\\@127.0.0.1/',
    ' https://bob.example/',
    'https://bob.exa\nmple/',
    '//bob.example/',
    'bob.example',
    'https://',
    '',
  ];
  test.each(REFUSED)('%s is never asked', async (url) => {
    const { transport, asked } = scripted({});
    const error = await failure(createSafeFetch(transport, { sandbox: false })(url));
    expect(error.code).toBe('url-refused');
    expect(error.message).not.toMatch(/bob|127|intranet|passwd/);
    expect(asked).toHaveLength(0);
  });
  test('40 refused URLs', () => expect(REFUSED).toHaveLength(40));

  test('https is asked, with the media types wanted', async () => {
    const { transport, asked } = scripted({ 'https://bob.example/a?b=c': ok('{"a":1}') });
    const fetched = await createSafeFetch(transport, { sandbox: false })('https://bob.example/a?b=c');
    expect(fetched.status).toBe(200);
    expect(new TextDecoder().decode(fetched.body)).toBe('{"a":1}');
    expect(fetched.url.href).toBe('https://bob.example/a?b=c');
    expect(asked[0]?.headers['accept']).toBe('application/json, application/jwt, application/problem+json');
  });

  test('another port only where a description names it', async () => {
    const { transport, asked } = scripted({ 'https://bob.example:8443/': ok(), 'https://bob.example/': ok() });
    const fetch = createSafeFetch(transport, { sandbox: false });
    expect((await fetch('https://bob.example:8443/', { describedPort: true })).status).toBe(200);
    expect((await fetch('https://bob.example:443/')).status).toBe(200);
    expect((await failure(fetch('https://bob.example:8443/'))).code).toBe('url-refused');
    expect(asked).toHaveLength(2);
  });

  test('the sandbox adds plain http to *.localhost and nothing else', async () => {
    const { transport } = scripted({ 'http://bob.localhost:8080/': ok() });
    const fetch = createSafeFetch(transport, { sandbox: true });
    expect((await fetch('http://bob.localhost:8080/', { describedPort: true })).status).toBe(200);
    for (const url of [
      'http://localhost:8080/',
      'http://bob.example/',
      'http://127.0.0.1/',
      'http://localhost.bob.example/',
    ])
      expect((await failure(fetch(url, { describedPort: true }))).code).toBe('url-refused');
    expect((await failure(fetch('https://bob.localhost/'))).code).toBe('url-refused');
    expect((await failure(fetch('http://x@bob.localhost/'))).code).toBe('url-refused');
  });
});

describe('redirects', () => {
  const table = {
    'https://bob.example/0': redirect('/1'),
    'https://bob.example/1': redirect('https://www.bob.example/2', 308),
    'https://www.bob.example/2': ok('2'),
    'https://bob.example/3': redirect('/0', 307),
    'https://bob.example/away': redirect('https://eve.example/'),
    'https://bob.example/suffix': redirect('https://bob.eve.example/'),
    'https://bob.example/private': redirect('https://127.0.0.1/'),
    'https://bob.example/plain': redirect('http://bob.example/2'),
    'https://bob.example/local': redirect('http://bob.localhost/'),
    'https://bob.example/port': redirect('https://bob.example:8443/'),
    'https://bob.example/user': redirect('https://a:b@bob.example/2'),
    'https://bob.example/file': redirect('file:///etc/passwd'),
    'https://bob.example/empty': () => new Response('', { status: 302 }),
    'https://bob.example/loop': redirect('/loop'),
    'https://one.github.io/': redirect('https://two.github.io/'),
    'https://eve.example/': ok(),
    'https://two.github.io/': ok(),
  };
  test('two within the registrable domain are followed', async () => {
    const { transport, asked } = scripted(table);
    const fetched = await createSafeFetch(transport, { sandbox: true })('https://bob.example/0');
    expect(fetched.url.href).toBe('https://www.bob.example/2');
    expect(asked).toHaveLength(3);
  });

  test.each([
    ['3', 3],
    ['away', 1],
    ['suffix', 1],
    ['private', 1],
    ['plain', 1],
    ['local', 1],
    ['port', 1],
    ['user', 1],
    ['file', 1],
    ['empty', 1],
    ['loop', 3],
  ])('%s is refused after %i requests', async (path, requests) => {
    const { transport, asked } = scripted(table);
    const error = await failure(createSafeFetch(transport, { sandbox: true })(`https://bob.example/${path}`));
    expect(error.code).toBe('url-refused');
    expect(asked).toHaveLength(requests);
  });

  test('two customers of one public suffix are not one domain', async () => {
    const { transport, asked } = scripted(table);
    expect((await failure(createSafeFetch(transport, { sandbox: false })('https://one.github.io/'))).code).toBe(
      'url-refused',
    );
    expect(asked).toHaveLength(1);
  });

  const CARRIES: FetchOptions[] = [
    { method: 'POST', body: '{}' },
    { method: 'PUT', body: '{}' },
    { method: 'DELETE' },
    { headers: { Authorization: 'Bearer x' } },
    { headers: { cookie: 'a=b' } },
  ];
  test.each(CARRIES)('none is followed with %j', async (options) => {
    const { transport, asked } = scripted(table);
    const error = await failure(createSafeFetch(transport, { sandbox: false })('https://bob.example/0', options));
    expect(error.code).toBe('url-refused');
    expect(asked).toHaveLength(1);
  });
});

describe('replies', () => {
  const get = (answer: () => Response, options: FetchOptions = {}) =>
    createSafeFetch(scripted({ 'https://bob.example/': answer }).transport, { sandbox: false })(
      'https://bob.example/',
      options,
    );

  test.each(['text/html', 'application/json-seq', 'application/octet-stream', 'application/problem+json'])(
    '%s is refused where JSON was asked for',
    async (type) => {
      const error = await failure(get(() => new Response('{}', { headers: { 'content-type': type } })));
      expect(error.code).toBe('url-refused');
    },
  );
  test('no media type at all is refused', async () => {
    expect((await failure(get(() => new Response(new Uint8Array([123, 125]))))).code).toBe('url-refused');
  });
  test('a media type asked for is read', async () => {
    const answer = () => new Response('x', { headers: { 'content-type': 'text/plain' } });
    expect((await get(answer, { accept: ['text/plain'] })).body).toEqual(new Uint8Array([120]));
  });
  test('an error keeps its status; its body is read as a problem document only', async () => {
    const page = await get(() => new Response('<html>', { status: 404, headers: { 'content-type': 'text/html' } }));
    expect([page.status, page.body.length]).toEqual([404, 0]);
    const problem = { 'content-type': 'application/problem+json' };
    const said = await get(() => new Response('{"code":"x"}', { status: 409, headers: problem }));
    expect([said.status, said.body.length]).toEqual([409, 12]);
  });
  test('304 needs no media type', async () => {
    expect((await get(() => new Response(null, { status: 304 }))).status).toBe(304);
  });
  test('headersOnly leaves the body', async () => {
    expect((await get(ok('{"a":1}'), { headersOnly: true })).body).toHaveLength(0);
  });

  test('the limit holds with and without a length', async () => {
    const chunk = new Uint8Array(1024);
    let sent = 0;
    let cancelled = false;
    const endless = () =>
      new Response(
        new ReadableStream<Uint8Array>({
          pull: (controller) => {
            sent++;
            controller.enqueue(chunk);
          },
          cancel: () => {
            cancelled = true;
          },
        }),
        { headers: JSON_TYPE },
      );
    expect((await failure(get(endless, { maxOctets: 4096 }))).code).toBe('url-refused');
    expect(sent).toBeLessThan(8);
    expect(cancelled).toBe(true);
    const declared = () => new Response('{}', { headers: { ...JSON_TYPE, 'content-length': '5000' } });
    expect((await failure(get(declared, { maxOctets: 4096 }))).code).toBe('url-refused');
    expect((await get(ok('x'.repeat(4096)), { maxOctets: 4096 })).body).toHaveLength(4096);
    expect((await failure(get(ok('x'.repeat(4097)), { maxOctets: 4096 }))).code).toBe('url-refused');
  });

  test('a peer that fails or is late is unreachable, and its URL stays unsaid', async () => {
    const fetch = createSafeFetch(scripted({}).transport, { sandbox: false });
    const error = await failure(fetch('https://bob.example/secret'));
    expect(error.code).toBe('peer-unreachable');
    expect(error.message).not.toContain('bob');
    const deaf = createSafeFetch(() => new Promise(() => undefined), { sandbox: false });
    expect((await failure(deaf('https://bob.example/', { timeoutMs: 50 }))).code).toBe('peer-unreachable');
    const stalled = () => new Response(new ReadableStream({}), { headers: JSON_TYPE });
    expect((await failure(get(stalled, { timeoutMs: 50 }))).code).toBe('peer-unreachable');
  });
});
