// The program as a person runs it: child processes of bin/whereabouts.js, in a home of their own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BIN = path.join(ROOT, 'bin/whereabouts.js');

export interface Home {
  readonly folder: string;
  /** Nothing of the person who runs the tests: no configuration, no settings, no colours. */
  readonly env: Record<string, string>;
  remove(): void;
}

export function makeHome(extra: Record<string, string> = {}): Home {
  const folder = mkdtempSync(path.join(tmpdir(), 'whereabouts-test-'));
  const at = (name: string) => path.join(folder, name);
  return {
    folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      XDG_DATA_HOME: at('data'),
      XDG_CONFIG_HOME: at('config'),
      XDG_CACHE_HOME: at('cache'),
      XDG_STATE_HOME: at('state'),
      NO_COLOR: '1',
      // Nothing stands in front of it.
      WHEREABOUTS_DRAIN_SECONDS: '0',
      // Compiled once for all homes.
      NODE_COMPILE_CACHE: path.join(ROOT, 'node_modules/.cache/compiled'),
      ...extra,
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
export function run(args: readonly string[], env: Record<string, string>, input = ''): Promise<Result> {
  const child = start(args, env);
  const [stdout, stderr] = [collect(child, 'stdout'), collect(child, 'stderr')];
  child.stdin?.end(input);
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stdout: stdout(), stderr: stderr() }));
  });
}

export interface Server {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Sends a signal and waits for the end; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a server and waits until `ready` is written, on either stream; fails with what it wrote when it ends before that. */
export function startServer(args: readonly string[], env: Record<string, string>, ready: RegExp): Promise<Server> {
  const child = start(args, env);
  const [stdout, stderr] = [collect(child, 'stdout'), collect(child, 'stderr')];
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null) child.kill(signal);
    return await ended;
  };
  return new Promise((resolve, reject) => {
    const look = () => {
      if (ready.test(stdout() + stderr())) resolve({ pid: child.pid ?? 0, stdout, stderr, stop });
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    void ended.then((code) => reject(new Error(`ended with ${code} before it was ready:\n${stdout()}${stderr()}`)));
  });
}

function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [BIN, ...args], { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'pipe'] });
}

function collect(child: ChildProcess, name: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[name]?.setEncoding('utf8').on('data', (part: string) => (text += part));
  return () => text;
}

/** Starts a sandbox on a free port; `env` is for commands that are to meet it. */
export async function startSandbox(home: Home, args: readonly string[] = ['--port', '0']) {
  // Its log may say anything it is able to say: none of it may name anybody.
  const env = { ...home.env, WHEREABOUTS_LOG_LEVEL: 'debug' };
  const server = await startServer(['serve', '--sandbox', ...args], env, /Where is Bob\?/);
  const port = Number(/http:\/\/directory\.localhost:(\d+)/.exec(server.stdout())?.[1]);
  return { ...server, port, env: { ...home.env, WHEREABOUTS_PORT: String(port) } };
}
