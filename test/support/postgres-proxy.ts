// A way to PostgreSQL that breaks where it is told to: it reads what clients send, statement by statement, and stops, loses or
// holds the one that was chosen.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What becomes of the chosen statement: never sent; done, its answer lost; sent nowhere, the connection left open. */
export type Break = 'fails' | 'done' | 'hangs';
/** Or nothing: it is only told of. */
type Passing = 'passes';

export interface Trap {
  /** Texts that one connection sends, in this order; the last one is the chosen statement. */
  readonly texts: readonly string[];
  readonly break: Break | Passing;
  /** Called once it has happened, before the client can notice. */
  readonly after?: () => void;
}

export interface PostgresProxy {
  /** What to connect to in place of the database. */
  readonly url: string;
  /** Springs once, on the first connection that sends the texts; resolves then. */
  set(trap: Trap): Promise<void>;
  /** Ends connections that hang. */
  release(): void;
  close(): Promise<void>;
}

interface SetTrap extends Trap {
  readonly sprung: () => void;
}

/** Types of messages (PostgreSQL, "Message Formats"). */
const PARSE = 0x50;
const BIND = 0x42;
const COMMAND_COMPLETE = 0x43;
const READY_FOR_QUERY = 0x5a;

export async function openPostgresProxy(target: string): Promise<PostgresProxy> {
  const to = new URL(target);
  const sockets = new Set<Socket>();
  const hung = new Set<Socket>();
  let trap: SetTrap | undefined;

  const server = createServer((client) => {
    const upstream = connect(Number(to.port), to.hostname);
    let state: 'open' | Break = 'open';
    /** The trap this connection is walking into, and how far. */
    let [here, seen]: [SetTrap | undefined, number] = [undefined, 0];
    /** Texts of prepared statements: who executes one again names it only. */
    const texts = new Map<string, string>();
    /** The text a message is about; empty for those that are about none. */
    const textOf = (message: Buffer, isPassing: boolean): string => {
      const [first = '', second = ''] = message.toString('latin1', 5).split('\0', 2);
      if (message[0] === BIND) return texts.get(second) ?? '';
      if (message[0] !== PARSE) return message.toString('latin1');
      texts.set(first, second);
      // A statement that is only told of has to be done: it is not before it is bound.
      return isPassing ? '' : second;
    };
    let isDone = false;
    const finish = (sprung: SetTrap): void => {
      sprung.after?.();
      if (state === 'hangs') hung.add(client).add(upstream);
      else for (const socket of [client, upstream]) socket.destroy();
      sprung.sprung();
    };
    const fromClient = createReader(true, (message) => {
      // Behind the chosen statement come its parameters and the order to do it.
      if (state === 'done') upstream.write(message);
      if (state !== 'open') return;
      if (here !== trap) [here, seen] = [trap, 0];
      const text = textOf(message, trap?.break === 'passes');
      if (here !== undefined && text.includes(here.texts[seen] ?? '')) seen += 1;
      if (here === undefined || seen < here.texts.length) {
        upstream.write(message);
        return;
      }
      trap = undefined;
      if (here.break === 'passes') {
        upstream.write(message);
        here.after?.();
        here.sprung();
        return;
      }
      state = here.break;
      if (state === 'done') upstream.write(message);
      else finish(here);
    });
    const fromServer = createReader(false, (message) => {
      // What a client has to know before it goes on (a statement's parameters) still comes.
      isDone ||= state === 'done' && message[0] === COMMAND_COMPLETE;
      if (state === 'open' || (state === 'done' && !isDone)) client.write(message);
      else if (isDone && message[0] === READY_FOR_QUERY && here !== undefined) finish(here);
    });
    client.on('data', fromClient).on('close', () => upstream.destroy());
    upstream.on('data', fromServer).on('close', () => {
      // The server may give up; who hangs does not hear of it.
      if (state !== 'hangs') client.destroy();
    });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  const end = (some: Set<Socket>) => {
    for (const socket of some) socket.destroy();
    some.clear();
  };
  return {
    url: url.href,
    set: (chosen) =>
      new Promise((sprung) => {
        trap = { ...chosen, sprung };
      }),
    release: () => end(hung),
    close: () =>
      new Promise((resolve) => {
        end(sockets);
        server.close(() => resolve());
      }),
  };
}

/** Cuts a stream into protocol messages; a client's first one has no type octet. */
function createReader(hasStartup: boolean, take: (message: Buffer) => void): (octets: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = hasStartup;
  return (octets) => {
    rest = Buffer.concat([rest, octets]);
    for (;;) {
      const head = isFirst ? 0 : 1;
      if (rest.length < head + 4) return;
      const length = head + rest.readUInt32BE(head);
      if (rest.length < length) return;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      isFirst = false;
      take(message);
    }
  };
}
