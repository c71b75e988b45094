// Something on this machine that nobody may reach: counts connections on the loopback addresses, whatever is said on them.
import { createServer, type AddressInfo, type Server } from 'node:net';

export interface Canary {
  readonly port: number;
  /** Connections so far. */
  count(): number;
  close(): Promise<void>;
}

export async function startCanary(): Promise<Canary> {
  let count = 0;
  const listen = (host: string, port: number): Promise<Server> => {
    const server = createServer((socket) => {
      count += 1;
      socket.on('error', () => undefined).destroy();
    });
    return new Promise((done, fail) => server.once('error', fail).listen(port, host, () => done(server)));
  };
  const first = await listen('127.0.0.1', 0);
  const { port } = first.address() as AddressInfo;
  // A machine without IPv6 has no such address to reach either.
  const second = await listen('::1', port).catch(() => undefined);
  const servers = second === undefined ? [first] : [first, second];
  return {
    port,
    count: () => count,
    close: async () => {
      await Promise.all(servers.map((server) => new Promise<void>((done) => void server.close(() => done()))));
    },
  };
}
