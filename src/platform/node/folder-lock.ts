// One process per data folder: PGlite takes no lock, and two on one folder lose each other's rows without a word.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WhereaboutsError } from '../../protocol/errors.ts';

/** Longest path every system takes for a socket, in octets. */
const SOCKET_PATH = 100;
/** Time another starter gets to show itself where a dead one left its socket, in milliseconds. */
const SETTLE = 150;

/**
 * Holds `folder` (made where missing) until the function returned is called; `database-busy` when another process does.
 * The lock is a listening socket: the kernel owns it, so a crash, or a reused process id, never leaves it behind.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const socket = socketOf(folder);
  const id = randomBytes(16).toString('hex');
  for (let attempt = 0; attempt < 3; attempt++) {
    const server = await listenAt(socket, id);
    if (server !== undefined) {
      // Two starters may both find a dead socket: the one whose socket the other took away must notice.
      if (attempt > 0 && (await settle(socket)) !== id) {
        server.close();
        throw busy();
      }
      return () => server.close();
    }
    if ((await ask(socket)) !== undefined) throw busy();
    // Nobody listens: what is there was left by a process that died.
    withShortPath(socket, (at) => rmSync(at, { force: true }));
  }
  throw busy();
}

const busy = () => new WhereaboutsError('database-busy');

function socketOf(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const real = realpathSync(folder);
    if (process.platform !== 'win32') return path.join(real, 'lock.sock');
    return `\\\\.\\pipe\\whereabouts-${createHash('sha256').update(real).digest('hex')}`;
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', 'the data folder cannot be made', { cause });
  }
}

/** Calls `use` with a path short enough for a socket that leads to the same place. */
function withShortPath<T>(socket: string, use: (at: string) => T): T {
  if (process.platform === 'win32' || Buffer.byteLength(socket) <= SOCKET_PATH) return use(socket);
  const link = mkdtempSync(path.join(tmpdir(), 'wb-'));
  symlinkSync(path.dirname(socket), path.join(link, 'd'));
  const at = use(path.join(link, 'd', path.basename(socket)));
  void Promise.resolve(at).finally(() => rmSync(link, { recursive: true, force: true }));
  return at;
}

function listenAt(socket: string, id: string): Promise<Server | undefined> {
  return withShortPath(socket, (at) => {
    const server = createServer((peer) => {
      peer.on('error', () => undefined);
      peer.end(id);
    }).unref();
    return new Promise<Server | undefined>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        if (cause.code === 'EADDRINUSE') resolve(undefined);
        else reject(new WhereaboutsError('config-invalid', 'the data folder cannot be written', { cause }));
      });
      server.listen(at, () => resolve(server));
    });
  });
}

/** What whoever listens says it is; undefined when nobody does. */
function ask(socket: string): Promise<string | undefined> {
  return withShortPath(
    socket,
    (at) =>
      new Promise<string | undefined>((resolve) => {
        let said = '';
        const peer = connect(at)
          .setEncoding('utf8')
          .on('data', (text: string) => (said += text))
          .once('end', () => resolve(said))
          .once('error', () => resolve(undefined));
        // Whoever takes a connection and says nothing is alive enough.
        peer.setTimeout(2_000, () => {
          peer.destroy();
          resolve(said);
        });
      }),
  );
}

async function settle(socket: string): Promise<string | undefined> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE));
  return ask(socket);
}
