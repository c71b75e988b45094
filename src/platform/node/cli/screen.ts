// The terminal: colour only where it is one and NO_COLOR is unset, progress on standard error only where a person sees it.
import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

export interface Screen {
  /** A line on standard output. */
  readonly print: (line?: string) => void;
  /** A line on standard error. */
  readonly note: (line: string) => void;
  readonly style: (format: Format, text: string) => string;
  /** A progress line that replaces itself until cleared. Silent unless standard error is a terminal. */
  readonly progress: (what: string) => { to(done: number, total?: number): void; clear(): void };
}

/** The terminal this process writes to. */
export function openScreen(): Screen {
  const { stdout, stderr } = process;
  // A reader that has seen enough (`| head`) closes the pipe: that is no failure of ours.
  stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));
  return {
    print: (line = '') => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    // styleText itself looks at the stream, NO_COLOR and FORCE_COLOR.
    style: (format, text) => styleText(format, text, { stream: stdout, validateStream: true }),
    progress: (what) => (stderr.isTTY ? bar(what) : { to: () => undefined, clear: () => undefined }),
  };
}

const WIDTH = 24;

function bar(what: string): ReturnType<Screen['progress']> {
  const { stderr } = process;
  let last = '';
  const show = (line: string) => {
    if (line === last) return;
    last = line;
    stderr.write(`\r\u001b[K${line}`);
  };
  return {
    to: (done, total) => {
      if (total === undefined || total === 0) return show(`${what} ${done}`);
      const full = Math.round((WIDTH * Math.min(done, total)) / total);
      show(`${what} [${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${done}/${total}`);
    },
    clear: () => show(''),
  };
}
