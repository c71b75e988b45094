// A homeserver as application services know it, over real HTTP: one room, ghosts in exclusive namespaces, transactions sent in order
// until they are answered, some of them twice. Keeps what every person in the room sees.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Service {
  readonly url: () => string | undefined;
  readonly asToken: string;
  readonly hsToken: string;
}
interface Seen {
  readonly sender: string;
  readonly body: string;
}

export async function startHomeserver(network: string) {
  const room = `!conversation:${network}`;
  const services: Service[] = [];
  const users = new Set<string>();
  const members = new Set<string>();
  /** By service and transaction: what was taken is not taken again. */
  const taken = new Map<string, string>();
  const seen: Seen[] = [];
  const closed = new AbortController();
  let [epoch, events, transactions] = [1, 0, 0];
  const queues = new Map<Service, Promise<void>>();

  async function push(service: Service, event: object): Promise<void> {
    const id = ++transactions;
    let copies = id % 3 === 0 ? 2 : 1;
    while (!closed.signal.aborted && copies > 0) {
      const reply = await fetch(`${service.url()}/_matrix/app/v1/transactions/${id}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${service.hsToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events: [event] }),
      }).catch(() => undefined);
      if (reply?.status === 200) copies--;
      else await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  function send(sender: string, content: { body?: unknown }): string {
    const event = {
      type: 'm.room.message',
      event_id: `$${++events}`,
      room_id: room,
      sender,
      origin_server_ts: 0,
      content,
      unsigned: { 'whereabouts.epoch': epoch },
    };
    seen.push({ sender, body: String(content.body) });
    for (const service of services)
      queues.set(
        service,
        (queues.get(service) ?? Promise.resolve()).then(() => push(service, event)),
      );
    return event.event_id;
  }

  async function answer(request: IncomingMessage): Promise<[number, object]> {
    const service = services.find(({ asToken }) => request.headers.authorization === `Bearer ${asToken}`);
    if (service === undefined) return [401, { errcode: 'M_UNKNOWN_TOKEN' }];
    let text = '';
    for await (const part of request) text += String(part);
    const json = JSON.parse(text) as { username?: string; body?: string };
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const as = searchParams.get('user_id') ?? '';
    const at = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}`;
    if (request.method === 'POST' && pathname === '/_matrix/client/v3/register') {
      const user = `@${json.username}:${network}`;
      if (!user.startsWith('@_whereabouts_')) return [400, { errcode: 'M_EXCLUSIVE' }];
      if (users.has(user)) return [400, { errcode: 'M_USER_IN_USE' }];
      users.add(user);
      return [200, { user_id: user }];
    }
    if (!users.has(as)) return [403, { errcode: 'M_FORBIDDEN' }];
    if (request.method === 'POST' && pathname === `${at}/join`) {
      members.add(as);
      return [200, { room_id: room }];
    }
    const transaction = pathname.startsWith(`${at}/send/m.room.message/`) ? pathname : undefined;
    if (request.method !== 'PUT' || transaction === undefined) return [404, { errcode: 'M_UNRECOGNIZED' }];
    if (!members.has(as)) return [403, { errcode: 'M_FORBIDDEN' }];
    const key = `${service.asToken} ${transaction}`;
    const id = taken.get(key) ?? send(as, json);
    taken.set(key, id);
    return [200, { event_id: id }];
  }

  const server = createServer(async (request, response) => {
    const [status, json] = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    network,
    room,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    members,
    services,
    /** Its people learn of a plan. */
    learn: (newest: number) => void (epoch = newest),
    say: (local: string, body: string, more: object = {}) => void send(`@${local}:${network}`, { body, ...more }),
    /** Nothing is on its way to a service that is there. */
    settled: () => Promise.all(services.filter(({ url }) => url() !== undefined).map(async (one) => queues.get(one))),
    close() {
      closed.abort();
      server.closeAllConnections();
      server.close();
    },
  };
}
export type Homeserver = Awaited<ReturnType<typeof startHomeserver>>;
