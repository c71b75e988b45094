// Fakes of the services evidence is found on, with the shapes of their real APIs, behind one listener that goes by `Host`. What
// is on them is set by tests; a fault takes the place of every answer.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

export interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export type Fault = (request: IncomingMessage, response: ServerResponse) => void;

export interface Services {
  /** Answers by host and path with query. */
  readonly pages: Map<string, Reply>;
  readonly asked: { readonly at: string; readonly headers: IncomingMessage['headers'] }[];
  fault: Fault | undefined;
  readonly listener: RequestListener;
}

export function createServices(): Services {
  const services: Services = {
    pages: new Map(),
    asked: [],
    fault: undefined,
    listener: (request, response) => {
      const host = String(request.headers['x-host'] ?? request.headers.host).replace(/:\d+$/, '');
      const at = `${host}${request.url ?? ''}`;
      services.asked.push({ at, headers: request.headers });
      if (services.fault !== undefined) return services.fault(request, response);
      const reply = services.pages.get(at) ?? missing(host);
      const etag = reply.headers?.['etag'];
      if (etag !== undefined && request.headers['if-none-match'] === etag)
        return response.writeHead(304, { etag }).end();
      const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
      const type = reply.type ?? 'application/json; charset=utf-8';
      return response.writeHead(reply.status ?? 200, { 'content-type': type, ...reply.headers }).end(body);
    },
  };
  return services;
}

/** What each service says to a path it does not know. */
function missing(host: string): Reply {
  if (host === 'api.github.com')
    return {
      status: 404,
      body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' },
    };
  if (host === 'gitlab.com') return { status: 404, body: { message: '404 Not found' } };
  if (host.startsWith('matrix')) return { status: 404, body: { errcode: 'M_NOT_FOUND', error: 'Not found' } };
  if (host === 'hacker-news.firebaseio.com') return { body: 'null' };
  if (host.startsWith('pds'))
    return { status: 400, body: { error: 'RecordNotFound', message: 'Could not locate record' } };
  if (host === 'plc.directory') return { status: 404, body: { message: 'DID not registered' } };
  return { status: 404, type: 'text/html', body: '<h1>Not Found</h1>' };
}

/** The media type that is hoped for. */
const hoped = (request: IncomingMessage): string => String(request.headers.accept).split(',')[0] ?? '';

export const FAULTS: Readonly<Record<string, Fault>> = {
  '429 with Retry-After': (_, response) =>
    void response.writeHead(429, { 'retry-after': '120', 'content-type': 'application/json' }).end('{}'),
  '429 without': (_, response) => void response.writeHead(429).end(),
  'GitHub’s 403 with nothing left': (_, response) =>
    void response
      .writeHead(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 600) })
      .end('{}'),
  '500': (_, response) => void response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Oops</h1>'),
  '502': (_, response) => void response.writeHead(502).end(),
  '503 with Retry-After': (_, response) => void response.writeHead(503, { 'retry-after': '30' }).end(),
  '401': (_, response) =>
    void response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"401 Unauthorized"}'),
  '403 of a firewall': (_, response) =>
    void response.writeHead(403, { 'content-type': 'application/json' }).end('{"errcode":"M_UNKNOWN"}'),
  '451': (_, response) => void response.writeHead(451).end(),
  '418': (_, response) => void response.writeHead(418).end(),
  'a hung connection': () => undefined,
  'half a body': (request, response) => void response.writeHead(200, { 'content-type': hoped(request) }).write('{'),
  'a reset': (request) => void request.socket.destroy(),
  huge: (request, response) =>
    void response.writeHead(200, { 'content-type': hoped(request) }).end(`"${'x'.repeat(2_000_000)}"`),
  'huge, its length not told': (request, response) => {
    response.writeHead(200, { 'content-type': hoped(request) }).write('"');
    response.end('x'.repeat(2_000_000));
  },
  'another media type': (_, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end('{}'),
  'a page for people': (_, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>'),
  'JSON that is none': (_, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":'),
  'JSON of another shape': (_, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end('{"hello":"world"}'),
  'octets that are no text': (request, response) =>
    void response.writeHead(200, { 'content-type': hoped(request) }).end(Buffer.from([0xff, 0xfe])),
  'a redirect to another host': (_, response) =>
    void response.writeHead(302, { location: 'https://evil.example/' }).end(),
  'a redirect in a circle': (request, response) => void response.writeHead(302, { location: request.url ?? '' }).end(),
};

/** The state each fault comes to, wherever it happens. */
export const REASONS: Readonly<Record<keyof typeof FAULTS, string>> = {
  '429 with Retry-After': 'rate-limited',
  '429 without': 'rate-limited',
  'GitHub’s 403 with nothing left': 'rate-limited',
  '500': 'service-error',
  '502': 'service-error',
  '503 with Retry-After': 'service-error',
  '401': 'access-denied',
  '403 of a firewall': 'access-denied',
  '451': 'access-denied',
  '418': 'answer-unusable',
  'a hung connection': 'host-silent',
  'half a body': 'host-silent',
  'a reset': 'host-silent',
  huge: 'answer-unusable',
  'huge, its length not told': 'answer-unusable',
  'another media type': 'answer-unusable',
  'a page for people': 'answer-unusable',
  'JSON that is none': 'answer-unusable',
  'JSON of another shape': 'answer-unusable',
  'octets that are no text': 'answer-unusable',
  'a redirect to another host': 'answer-unusable',
  'a redirect in a circle': 'answer-unusable',
};
