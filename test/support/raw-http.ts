// HTTP as octets over a real socket, for requests that no client library would send.
import { connect } from 'node:net';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Buffer;
  /** Announce more octets than are sent, then stop sending. */
  readonly cutOff?: boolean;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export function formatRequest(request: RawRequest): Buffer {
  const body = request.body ?? Buffer.alloc(0);
  const length = body.length + (request.cutOff === true ? 64 : 0);
  const needsLength = body.length > 0 || request.cutOff === true || !['GET', 'HEAD'].includes(request.method);
  const lines = [
    `${request.method} ${request.path} HTTP/1.1`,
    `Host: ${request.host}`,
    'Connection: close',
    ...(needsLength ? [`Content-Length: ${length}`] : []),
    ...(request.headers ?? []).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** Sends octets as they are and reads the one answer; undefined when the connection was closed without any. */
export function sendRaw(
  port: number,
  octets: Buffer,
  options: { end?: boolean } = {},
): Promise<RawResponse | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const chunks: Buffer[] = [];
    socket.setTimeout(30_000, () => socket.destroy(new Error('no answer within 30 s')));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => socket.end());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The server may hang up on us while we are still sending: what it said before counts.
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(parseResponse(Buffer.concat(chunks)));
      else reject(error);
    });
    socket.on('close', () => resolve(parseResponse(Buffer.concat(chunks))));
    socket.write(octets);
    if (options.end === true) socket.end();
  });
}

function parseResponse(octets: Buffer): RawResponse | undefined {
  const split = octets.indexOf('\r\n\r\n');
  if (split < 0) return undefined;
  const [first = '', ...lines] = octets.subarray(0, split).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = octets.subarray(split + 4);
  const body = headers.get('transfer-encoding') === 'chunked' ? parseChunks(rest) : rest;
  return { status: Number(first.split(' ')[1]), headers, body };
}

function parseChunks(octets: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = octets.indexOf('\r\n', at);
    if (end < 0) return Buffer.concat(parts);
    const length = Number.parseInt(octets.subarray(at, end).toString('latin1'), 16);
    if (!(length > 0)) return Buffer.concat(parts);
    parts.push(octets.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
