// A listening socket around a fetch function: TLS, the client's address, bad HTTP answered as a problem document, closing in order.
import { createServer as createHttpServer, type IncomingMessage, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { CODES, WhereaboutsError, type Code } from '../../protocol/errors.ts';
import { judgeClientAddress, type Bindings } from '../../server/client-address.ts';

export type Fetch = (request: Request, bindings: Bindings) => Response | Promise<Response>;

export interface Listening {
  readonly port: number;
  /** Takes no new connection, lets running requests finish for up to five seconds, then resolves. */
  close(): Promise<void>;
}

export interface Serving extends Listening {
  /** Goes on answering, but says that it will not for long: `/readyz` refuses, and each answer ends its connection. */
  drain(): void;
}

/** How long running requests have to finish when the server closes, in milliseconds. */
const GRACE = 5_000;

const LIMITS: ServerOptions = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
  // A request without Host is answered by us, below, and not by Node with an empty body.
  requireHostHeader: false,
};

/** Listens; throws `address-busy` when somebody else has the port, `config-invalid` when it cannot be had at all. */
export async function listen(options: {
  readonly fetch: Fetch;
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly trustedProxies?: readonly string[];
  readonly onFault: (error: unknown) => void;
}): Promise<Serving> {
  const { host, tls } = options;
  let isDraining = false;
  const answer = getRequestListener(
    (request, env) => {
      if (isDraining) {
        env.outgoing.setHeader('connection', 'close');
        if (new URL(request.url).pathname === '/readyz') return problemResponse('overloaded', 503);
      }
      // RFC 6797: said over TLS only, and by whoever knows that there is TLS.
      if (tls !== undefined) env.outgoing.setHeader('strict-transport-security', 'max-age=63072000');
      return options.fetch(request, bindingsOf(env.incoming as IncomingMessage, options.trustedProxies ?? []));
    },
    {
      errorHandler: (error) => {
        // Two hosts, a host that is no host, an impossible URL: whatever cannot become a Request.
        if (error instanceof Error && error.name === 'RequestError') return problemResponse('request-invalid', 400);
        options.onFault(error);
        return problemResponse('internal-error', 500);
      },
      hostname: 'host.invalid',
    },
  );
  const server = tls === undefined ? createHttpServer(LIMITS, answer) : createSecure(tls, answer);
  server.on('clientError', refuseSocket);
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => refuseSocket(undefined, socket));
  server.on('checkExpectation', (_request: IncomingMessage, response: { socket: Socket | null }) => {
    if (response.socket !== null) refuseSocket(undefined, response.socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenFault(cause, host, options.port)));
    server.listen(options.port, host, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  const drain = () => {
    isDraining = true;
  };
  return { port, drain, close: () => closeServer(server) };
}

function createSecure(tls: { cert: string; key: string }, answer: Parameters<typeof createHttpsServer>[1]) {
  try {
    return createHttpsServer({ ...LIMITS, ...tls, minVersion: 'TLSv1.2' }, answer);
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', 'the TLS certificate and key cannot be used together', { cause });
  }
}

function bindingsOf(incoming: IncomingMessage, trustedProxies: readonly string[]): Bindings {
  const header = incoming.headers['x-forwarded-for'];
  const forwarded = Array.isArray(header) ? header.join(',') : header;
  const client = judgeClientAddress(incoming.socket.remoteAddress ?? '', forwarded, trustedProxies);
  return client === undefined ? {} : { client };
}

function closeServer(server: ReturnType<typeof createHttpServer>): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), GRACE);
    // A kept-alive connection whose request has just ended would hold us until its own time limit.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(force);
      clearInterval(sweep);
      resolve();
    });
  });
}

function listenFault(cause: NodeJS.ErrnoException, host: string, port: number): WhereaboutsError {
  const where = `port ${port} on ${host}`;
  if (cause.code === 'EADDRINUSE')
    return new WhereaboutsError('address-busy', `${where} is taken by another program`, { cause });
  const why = cause.code === 'EACCES' ? 'only an administrator may use it' : 'there is no such address here';
  return new WhereaboutsError('config-invalid', `cannot listen on ${where}: ${why}`, { cause });
}

const PROBLEM_HEADERS = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };

// Where no app is reached, hono's problem document is written by hand (RFC 9457).
const problemText = (code: Code, status: number): string =>
  JSON.stringify({ type: `urn:whereabouts:error:${code}`, title: CODES[code], status, code });
const problemResponse = (code: Code, status: number): Response =>
  new Response(problemText(code, status), { status, headers: PROBLEM_HEADERS });

/** What is not HTTP, or wants what we do not speak, is told so in the same words and hung up on. */
function refuseSocket(_error: unknown, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = problemText('request-invalid', 400);
  const headers = { ...PROBLEM_HEADERS, 'content-length': String(body.length), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('')}\r\n${body}`);
}
