// Hostile URLs, descriptions, servers and names (§8.1), as a table: what each is refused with, on Node and in workerd alike.
// Nothing here runs anything: hostile-node.test.ts and hostile-workerd.test.ts do. `PORT` is the canary's port.
import type { RequestListener } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Code } from '../../src/protocol/errors.ts';
import type { Zone } from '../support/dns.ts';

/** The attacker's own server: public, as far as anybody can tell. */
export const HOSTILE = 'hostile.example';

export interface Hostile {
  readonly what: string;
  readonly code: Code;
}

/** URLs that a description or redirect might name. None is asked. */
export const URLS: readonly (Hostile & { readonly url: string })[] = [
  ['an IPv4 address', 'https://127.0.0.1:PORT/'],
  ['an IPv4 address, decimal', 'https://2130706433:PORT/'],
  ['an IPv4 address, octal', 'https://017700000001:PORT/'],
  ['an IPv4 address, octal by parts', 'https://0177.0.0.01:PORT/'],
  ['an IPv4 address, hex', 'https://0x7f000001:PORT/'],
  ['an IPv4 address, hex by parts', 'https://0x7f.0x0.0x0.0x1:PORT/'],
  ['an IPv4 address, mixed', 'https://0x7f.0.01:PORT/'],
  ['an IPv4 address, short', 'https://127.1:PORT/'],
  ['an IPv4 address, three parts', 'https://127.0.1:PORT/'],
  ['an IPv4 address with a dot at the end', 'https://127.0.0.1.:PORT/'],
  ['an IPv4 address beyond 32 bits', 'https://4294967297:PORT/'],
  ['nowhere, which is here', 'https://0:PORT/'],
  ['nowhere, written out', 'https://0.0.0.0:PORT/'],
  ['a metadata service', 'https://169.254.169.254/latest/meta-data/'],
  ['an IPv4 address, percent-coded', 'https://%31%32%37.0.0.1:PORT/'],
  ['an IPv4 address in full-width digits', 'https://１２７.0.0.1:PORT/'],
  ['an IPv4 address in circled digits', 'https://①②⑦.⓪.⓪.①:PORT/'],
  ['an IPv4 address with ideographic dots', 'https://127。0。0。1:PORT/'],
  ['IPv6 loopback', 'https://[::1]:PORT/'],
  ['IPv6 loopback, written out', 'https://[0:0:0:0:0:0:0:1]:PORT/'],
  ['the unspecified IPv6 address', 'https://[::]:PORT/'],
  ['an IPv4-mapped address', 'https://[::ffff:127.0.0.1]:PORT/'],
  ['an IPv4-mapped address, hex', 'https://[::ffff:7f00:1]:PORT/'],
  ['an IPv4-compatible address', 'https://[::127.0.0.1]:PORT/'],
  ['a NAT64 address', 'https://[64:ff9b::127.0.0.1]:PORT/'],
  ['a 6to4 address', 'https://[2002:7f00:1::]:PORT/'],
  ['an IPv6 address with a zone', 'https://[fe80::1%25lo]:PORT/'],
  ['localhost', 'https://localhost:PORT/'],
  ['localhost with a dot at the end', 'https://localhost.:PORT/'],
  ['localhost in capitals', 'https://LOCALHOST:PORT/'],
  ['localhost in full-width letters', 'https://ｌｏｃａｌｈｏｓｔ:PORT/'],
  ['localhost with a soft hyphen', 'https://local\u00adhost:PORT/'],
  ['a name under localhost', 'https://a.localhost:PORT/'],
  ['a name under localhost, in clear', 'http://a.localhost:PORT/'],
  ['a name of the local network', 'https://intranet:PORT/'],
  ['a name with a dot at the end', 'https://hostile.example.:PORT/'],
  ['a name with an empty label', 'https://hostile..example:PORT/'],
  ['a name in another script', 'https://hоstile.example:PORT/'],
  ['a name whose A-label means nothing', 'https://xn--zzzzzzzzz99.example:PORT/'],
  ['an A-label that hides ASCII', 'https://xn--localhost-.example:PORT/'],
  ['a file', 'file:///etc/passwd'],
  ['a file of a host', 'file://127.0.0.1/etc/passwd'],
  ['data', 'data:application/json,{}'],
  ['a script', 'javascript:0'],
  ['gopher', 'gopher://127.0.0.1:PORT/_x'],
  ['ftp', 'ftp://127.0.0.1:PORT/'],
  ['a web socket', 'wss://127.0.0.1:PORT/'],
  ['in clear', 'http://hostile.example:PORT/'],
  ['a user and a password', 'https://a:b@127.0.0.1:PORT/'],
  ['a user who looks like a host', 'https://hostile.example@127.0.0.1:PORT/'],
  ['a back slash before the user', 'https://hostile.example\\@127.0.0.1:PORT/'],
  ['a back slash for a slash', 'https:\\\\127.0.0.1:PORT\\'],
  ['a tab in the host', 'https://127.0\t.0.1:PORT/'],
  ['a line break in the host', 'https://127.0.0\n.1:PORT/'],
  ['a space before', ' https://127.0.0.1:PORT/'],
  ['no scheme', '//127.0.0.1:PORT/'],
  ['no port there is', 'https://hostile.example:65536/'],
  ['port 0', 'https://hostile.example:0/'],
  ['the port of SSH', 'https://hostile.example:22/'],
  ['the port of SMTP', 'https://hostile.example:25/'],
  ['the port of LDAP', 'https://hostile.example:389/'],
].map(([what = '', url = '']) => ({ what, url, code: 'url-refused' }));

const bridge = { from: ['a.example'], protocol: 'a', placement: 'server', encryption: 'native' };
const issuer = { api: `https://${HOSTILE}`, attestations: `https://${HOSTILE}/{jti}` };

/** Descriptions, each served by a host name of its own; members beside `version` and `domain`, or the whole text. */
export const DOCUMENTS: readonly (Hostile & { readonly document: object | string })[] = (
  [
    ['issuer.api an address', { issuer: { ...issuer, api: 'https://127.0.0.1:PORT' } }],
    ['issuer.attestations an address', { issuer: { ...issuer, attestations: 'https://[::1]:PORT/{jti}' } }],
    ['issuer.attestations with {jti} for a host', { issuer: { ...issuer, attestations: 'https://{jti}.example/a' } }],
    ['issuer.attestations with {jti} for a user', { issuer: { ...issuer, attestations: 'https://{jti}@a.example/' } }],
    ['directory.api a file', { directory: { api: 'file:///etc/passwd' } }],
    ['directory.api a decimal address', { directory: { api: 'https://2130706433:PORT/' } }],
    ['witness.url a mapped address', { witness: { url: 'https://[::ffff:127.0.0.1]:PORT/', key: 'k' } }],
    ['logo data', { logo: 'data:image/svg+xml,<svg/>' }],
    ['a bridge’s endpoint in clear', { provider: { bridges: [{ ...bridge, endpoint: 'http://127.0.0.1:PORT/' }] } }],
    ['a bridge’s health an address', { provider: { bridges: [{ ...bridge, health: 'https://127.1:PORT/' }] } }],
    ['a bridge’s operator an address', { provider: { bridges: [{ ...bridge, operator: '127.0.0.1' }] } }],
    ['a peer that is an address', { peers: ['127.0.0.1'] }],
    ['an issuer that is a URL', { directory: { api: `https://${HOSTILE}`, issuers: ['https://127.0.0.1'] } }],
    ['another domain', { domain: 'victim.example' }],
    ['a private key', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AA', d: 'AA' }] } }],
    ['nested without end', '['.repeat(60_000)],
    ['a member twice', `{"version":1,"domain":"a.${HOSTILE}","domain":"${HOSTILE}"}`],
    ['octets that are no UTF-8', '\u00ff\u00fe'],
    ['a signature that is none', { seq: 1, expires: '2099-01-01T00:00:00Z', signature: 'e30..AA' }],
  ] as const
).map(([what, document]) => ({ what, document, code: 'description-invalid' }));

/** How long who is kept waiting waits here; whoever is not, longer than any machine is slow. */
export const patience = ({ code }: Hostile): number => (code === 'peer-unreachable' ? 700 : 8_000);

/** What a server of the attacker's answers with, by path. `asked`: requests it gets, redirects to itself included. */
export const SERVERS: readonly (Hostile & { readonly path: string; readonly asked: number })[] = (
  [
    ['a redirect to an address', '/to/https://127.0.0.1:PORT/', 'url-refused', 1],
    ['a redirect to a decimal address', '/to/https://2130706433:PORT/', 'url-refused', 1],
    ['a redirect to IPv6 loopback', '/to/https://[::1]:PORT/', 'url-refused', 1],
    ['a redirect to a mapped address', '/to/https://[::ffff:7f00:1]:PORT/', 'url-refused', 1],
    ['a redirect to localhost', '/to/https://localhost:PORT/', 'url-refused', 1],
    ['a redirect to the sandbox', '/to/http://a.localhost:PORT/', 'url-refused', 1],
    ['a redirect in clear', '/to/http://hostile.example:PORT/ok', 'url-refused', 1],
    ['a redirect to another domain', '/to/https://victim.example:PORT/', 'url-refused', 1],
    ['a redirect to a domain that ends alike', '/to/https://nothostile.example:PORT/', 'url-refused', 1],
    ['a redirect to another port', '/to/https://hostile.example:22/', 'url-refused', 1],
    ['a redirect to a port nobody named', '/to/https://hostile.example:9999/', 'url-refused', 1],
    ['a redirect with a password', '/to/https://a:b@hostile.example:PORT/ok', 'url-refused', 1],
    ['a redirect to a file', '/to/file:///etc/passwd', 'url-refused', 1],
    ['a redirect without a scheme', '/to///127.0.0.1:PORT/', 'url-refused', 1],
    ['a redirect to nowhere', '/to/https://', 'url-refused', 1],
    ['a redirect in a circle', '/circle', 'url-refused', 3],
    ['a slow drip', '/drip', 'peer-unreachable', 1],
    ['headers, and then nothing', '/nothing', 'peer-unreachable', 1],
    ['no answer', '/silence', 'peer-unreachable', 1],
    ['a body without end', '/endless', 'url-refused', 1],
    ['a body as long as it says', '/long', 'url-refused', 1],
    ['a page', '/page', 'url-refused', 1],
    ['no media type', '/untyped', 'url-refused', 1],
    ['headers without end', '/headers', 'url-refused', 1],
    ['a gzip bomb', '/gzip', 'url-refused', 1],
    ['a brotli bomb', '/br', 'url-refused', 1],
  ] as const
).map(([what, path, code, asked]) => ({ what, path, code, asked }));

/** Where the attacker's server listens; every other address of this table is a canary's, or nobody's. */
export const HOSTILE_ADDRESS = '127.0.0.2';

/** Names in the attacker's DNS. `asked`: requests that reach the attacker's own server, which is what he may have. */
export const NAMES: readonly (Hostile & { readonly name: string; readonly addresses: string[] | string[][] })[] = (
  [
    ['loopback', ['127.0.0.1']],
    ['another loopback', ['127.1.2.3']],
    ['this network', ['0.0.0.0']],
    ['a private network', ['10.0.0.1']],
    ['a metadata service', ['169.254.169.254']],
    ['shared address space', ['100.64.0.1']],
    ['multicast', ['224.0.0.1']],
    ['IPv6 loopback', ['::1']],
    ['a mapped loopback', ['::ffff:127.0.0.1']],
    ['a compatible loopback', ['::7f00:1']],
    ['NAT64 of loopback', ['64:ff9b::7f00:1']],
    ['6to4 of loopback', ['2002:7f00:1::']],
    ['Teredo', ['2001::7f00:1']],
    ['a unique local address', ['fd00::1']],
    ['link-local', ['fe80::1']],
    ['a public address and loopback', ['203.0.114.1', '127.0.0.1']],
    ['a public address and IPv6 loopback', ['203.0.114.1', '::1']],
    ['his own address and loopback', [HOSTILE_ADDRESS, '127.0.0.1']],
    ['loopback first, his own address later', [['127.0.0.1'], [HOSTILE_ADDRESS], [HOSTILE_ADDRESS]]],
  ] as const
).map(([what, addresses], place) => ({
  what,
  name: `n${place}.names.example`,
  addresses: addresses.map((one) => (typeof one === 'string' ? one : [...one])) as string[] | string[][],
  code: 'url-refused',
}));

/** His own address while it is checked, loopback ever after. */
export const REBINDING = 'rebind.names.example';

/** A name beside those in NAMES, of the same registrable domain, that is truly his own. */
export const OWN = 'own.names.example';

export const ZONE: Zone = {
  [HOSTILE]: [HOSTILE_ADDRESS],
  [REBINDING]: [[HOSTILE_ADDRESS], ['127.0.0.1']],
  [OWN]: [HOSTILE_ADDRESS],
  ...Object.fromEntries(NAMES.map(({ name, addresses }) => [name, addresses])),
  ...Object.fromEntries(DOCUMENTS.map((_, place) => [`d${place}.${HOSTILE}`, [HOSTILE_ADDRESS]])),
};

export const withPort = (text: string, port: number): string => text.replaceAll('PORT', String(port));

/** The path that makes the attacker's server answer so. */
export const pathOf = ({ path }: { readonly path: string }, port: number): string =>
  path.startsWith('/to/') ? `/to/${encodeURIComponent(withPort(path.slice(4), port))}` : path;

/** The text a host name of the attacker's serves as its description. */
export function documentOf(host: string, port: number): Buffer | undefined {
  const [, place] = /^d(\d+)\./.exec(host) ?? [];
  const document = place === undefined ? undefined : DOCUMENTS[Number(place)]?.document;
  if (document === undefined) return undefined;
  if (typeof document === 'string') return Buffer.from(document, 'latin1');
  return Buffer.from(withPort(JSON.stringify({ version: 1, domain: `d${place}.${HOSTILE}`, ...document }), port));
}

const ZEROS = Buffer.alloc(1024 * 1024, 0x20);
const BOMBS: Readonly<Record<string, () => Buffer>> = {
  gzip: () => gzipSync(ZEROS),
  br: () => brotliCompressSync(ZEROS),
};
const JSON_TYPE = { 'content-type': 'application/json' };

/** The attacker's server. `port` as the one who asks sees it. */
export function hostileListener(asked: string[], port: () => number): RequestListener {
  return (request, response) => {
    const host = String(request.headers['x-host'] ?? request.headers.host ?? '').replace(/:\d+$/, '');
    const url = request.url ?? '';
    asked.push(`${host}${url}`);
    const document = documentOf(host, port());
    if (document !== undefined) response.writeHead(200, JSON_TYPE).end(document);
    else if (url.startsWith('/to/')) response.writeHead(302, { location: decodeURIComponent(url.slice(4)) }).end();
    else if (url === '/circle') response.writeHead(307, { location: '/circle' }).end();
    else if (url === '/drip') {
      response.writeHead(200, JSON_TYPE);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    } else if (url === '/nothing') response.writeHead(200, JSON_TYPE).flushHeaders();
    else if (url === '/silence') return;
    else if (url === '/endless' || url === '/long') {
      response.writeHead(200, { ...JSON_TYPE, ...(url === '/long' ? { 'content-length': 1e9 } : {}) });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384, 0x20)));
      };
      response.on('drain', more);
      more();
    } else if (url === '/page') response.writeHead(200, { 'content-type': 'text/html' }).end('{}');
    else if (url === '/untyped') response.writeHead(200).end('{}');
    else if (url === '/headers') response.writeHead(200, { ...JSON_TYPE, ...hugeHeaders() }).end('{}');
    else if (url.slice(1) in BOMBS)
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': url.slice(1) }).end(BOMBS[url.slice(1)]?.());
    else response.writeHead(200, JSON_TYPE).end('{}');
  };
}

/** 64 KiB in all. */
export const hugeHeaders = (): Record<string, string> =>
  Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`x-more-${n}`, 'a'.repeat(1_024)]));

export interface Shown extends Hostile {
  readonly kind: 'url' | 'description' | 'server' | 'name';
  /** What it was in fact refused with. */
  readonly got: string;
  /** Requests the attacker's own server got. */
  readonly asked: number;
  /** Connections the canary got. */
  readonly canary: number;
}

/** The table of everything that was tried, one line each. */
export function formatShown(platform: string, shown: readonly Shown[]): string {
  const lines = shown.map(({ kind, what, got, asked, canary }) =>
    [kind.padEnd(11), what.padEnd(46), got.padEnd(20), String(asked).padStart(5), String(canary).padStart(6)].join(
      '  ',
    ),
  );
  const head = ['kind'.padEnd(11), platform.padEnd(46), 'code'.padEnd(20), 'asked', 'canary'].join('  ');
  return [head, ...lines].join('\n');
}
