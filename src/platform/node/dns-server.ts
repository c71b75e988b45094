// A small DNS server over UDP and TCP on one port. Everything a stranger could make grow is bounded: questions under way,
// connections, their life, what is read of them, the size of replies. What it answers is handed in.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { formatReply, parseQuery, QUERY_OCTETS, type DnsQuestion, type DnsReply } from './dns-message.ts';
import type { Listening } from './serve.ts';

/** Answers one question of `address`. Whatever it throws is SERVFAIL. */
export type AnswerDns = (question: DnsQuestion, address: string) => Promise<DnsReply>;

export interface DnsOptions {
  readonly host: string;
  readonly port: number;
  readonly answer: AnswerDns;
  readonly onFault: (error: unknown) => void;
}

/** Questions under way at once, of both transports; more are dropped, and whoever asked asks again. */
const FLIGHTS = 256;
const CONNECTIONS = 64;
/** RFC 7766 §6.2.3: idle connections may be closed; and none lives longer than this, however busy. In milliseconds. */
const IDLE = 10_000;
const LIFE = 60_000;

/** Listens; throws `address-busy` or `config-invalid`. */
export async function listenDns(options: DnsOptions): Promise<Listening> {
  const reply = createReplies(options);
  const server = createServer({ noDelay: true }, (socket) => serveStream(socket, reply));
  server.maxConnections = CONNECTIONS;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await attempt(options, () => listenStream(server, options));
  const { port } = server.address() as AddressInfo;
  const datagrams = createSocket(options.host.includes(':') ? 'udp6' : 'udp4');
  try {
    await attempt(options, async () => {
      datagrams.bind(port, options.host);
      await once(datagrams, 'listening');
    });
  } catch (error) {
    server.close();
    datagrams.close();
    throw error;
  }
  server.on('error', options.onFault);
  datagrams.on('error', options.onFault);
  datagrams.on('message', (message, peer) => void serveDatagram(message, peer));

  async function serveDatagram(message: Buffer, peer: RemoteInfo): Promise<void> {
    const octets = await reply(message, peer.address, 'udp');
    // A peer of no port, or one that is gone by now: nothing to be done about it.
    if (octets !== undefined && peer.port !== 0 && !closed) datagrams.send(octets, peer.port, peer.address, () => {});
  }

  let closed = false;
  return {
    port,
    close: async () => {
      closed = true;
      for (const socket of sockets) socket.destroy();
      datagrams.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listenStream(server: Server, { port, host }: DnsOptions): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

async function attempt({ host, port }: DnsOptions, listen: () => Promise<unknown>): Promise<void> {
  try {
    await listen();
  } catch (cause) {
    const isBusy = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    throw new WhereaboutsError(
      isBusy ? 'address-busy' : 'config-invalid',
      isBusy ? `port ${port} on ${host} is taken by another program` : `cannot listen on port ${port} of ${host}`,
      { cause },
    );
  }
}

type Reply = (message: Buffer, address: string, transport: 'udp' | 'tcp') => Promise<Buffer | undefined>;

/** A reply for a message, or undefined where none is due: rubbish, and what would be one too many. */
function createReplies({ answer, onFault }: DnsOptions): Reply {
  let flights = 0;
  return async (message, address, transport) => {
    const query = parseQuery(message);
    if (query === undefined) return undefined;
    if (query.question === undefined) return formatReply(query, query.refusal ?? { rcode: 'FORMERR' }, transport);
    if (flights >= FLIGHTS) return undefined;
    flights += 1;
    try {
      return formatReply(query, await answer(query.question, address), transport);
    } catch (error) {
      onFault(error);
      return formatReply(query, { rcode: 'SERVFAIL' }, transport);
    } finally {
      flights -= 1;
    }
  };
}

/** Messages with their length in front (RFC 1035 §4.2.2), one after the other: who does not read is not answered further. */
function serveStream(socket: Socket, reply: Reply): void {
  const address = socket.remoteAddress ?? '';
  const life = setTimeout(() => socket.destroy(), LIFE).unref();
  socket.setTimeout(IDLE, () => socket.destroy());
  socket.once('close', () => clearTimeout(life));
  // Whoever hangs up in the middle has left; there is nobody to tell.
  socket.on('error', () => undefined);
  const serve = async (): Promise<void> => {
    let held = Buffer.alloc(0);
    for await (const chunk of socket) {
      held = Buffer.concat([held, chunk as Buffer]);
      for (;;) {
        if (held.length < 2) break;
        const length = held.readUInt16BE(0);
        if (length > QUERY_OCTETS) return;
        if (held.length < 2 + length) break;
        const octets = await reply(held.subarray(2, 2 + length), address, 'tcp');
        held = held.subarray(2 + length);
        if (octets === undefined) return;
        const head = Buffer.alloc(2);
        head.writeUInt16BE(octets.length);
        if (!socket.write(Buffer.concat([head, octets]))) await once(socket, 'drain');
      }
    }
  };
  serve()
    .catch(() => undefined)
    .finally(() => socket.destroySoon());
}
