// Documentation that is a session at a shell: ```console blocks, commands after `$ `, each followed by what it prints. Runs all of them
// in one shell, in order, as a reader would.
import { spawn } from 'node:child_process';

export interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of a page's console blocks, with the output printed below each. */
export function readSteps(page: string): Step[] {
  return [...page.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf('\n');
        return { command: text.slice(0, end), output: text.slice(end + 1).trim() };
      }),
  );
}

const MARK = '-----step-----';

/** Runs commands in one bash and gives what each printed on either stream. Ends what they left running. */
export async function runSteps(
  commands: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<string[]> {
  const script = commands.map((command) => `${command}\nprintf '\\n${MARK}\\n'`).join('\n');
  // A process group of its own, so that what it left behind can be ended with it.
  const shell = spawn('bash', ['-c', `exec 2>&1\n${script}`], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  shell.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  // The shell's end and its pipe's, which of them comes first is not said. What is in the background writes to files only.
  await new Promise((resolve) => shell.once('close', resolve));
  if (shell.pid !== undefined) {
    try {
      process.kill(-shell.pid);
    } catch {
      // Nothing was left.
    }
  }
  return text
    .split(MARK)
    .slice(0, -1)
    .map((output) => output.trim());
}
