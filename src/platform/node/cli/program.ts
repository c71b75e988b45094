// The command line: which commands there are, what --help says, how a failure ends. Each command is in a file of its own.
import { Command, CommanderError } from 'commander';
import { attestCommand } from './attest.ts';
import { auditCommand } from './audit.ts';
import { chainCommand } from './chain.ts';
import { conversationCommand, networksCommand } from './conversation.ts';
import { describeCommand } from './describe.ts';
import { enumCommand } from './enum.ts';
import { EXIT, explain, type Exit } from './exit.ts';
import { evidenceCommand } from './evidence.ts';
import { initCommand } from './init.ts';
import { keysCommand } from './keys.ts';
import { migrateCommand } from './migrate.ts';
import { monitorCommand } from './monitor.ts';
import { registerCommand } from './register.ts';
import { openScreen, type Screen } from './screen.ts';
import { serveCommand, type Doors } from './serve.ts';
import { verifyCommand } from './verify.ts';
import { whereCommand } from './where.ts';
import { withdrawCommand } from './withdraw.ts';
import { witnessCommand } from './witness.ts';

/** What every command works with; `leave` sets the exit code without cutting off what is still being written. */
export interface Terminal extends Screen {
  readonly env: Readonly<Record<string, string | undefined>>;
  leave(code: Exit): void;
}

const ABOUT = `Finds people across messaging services without telling anybody who is looked up.

Try it without configuration or network: \`whereabouts serve --sandbox\` in one shell, \`whereabouts where\` in another.`;

const AFTER = `
Exit codes: 0 found or done, 1 absent or opted out, 2 usage or bad identifier, 3 unknown or unreachable, 4 refused by a check.
Every setting: docs/configuration.md`;

function buildProgram(doors: Doors, terminal: Terminal, version: string): Command {
  const program = new Command('whereabouts')
    .description(ABOUT)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command, with examples')
    .helpCommand(false)
    .showHelpAfterError(false)
    .addHelpText('after', AFTER);
  const commands = [
    serveCommand(doors, terminal),
    initCommand(terminal),
    whereCommand(terminal),
    verifyCommand(terminal),
    registerCommand(terminal),
    withdrawCommand(terminal),
    monitorCommand(terminal),
    evidenceCommand(terminal),
    attestCommand(terminal),
    chainCommand(terminal),
    describeCommand(terminal),
    networksCommand(terminal),
    conversationCommand(terminal),
    keysCommand(terminal),
    migrateCommand(terminal),
    witnessCommand(doors),
    auditCommand(terminal),
    enumCommand(terminal),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of everyCommand(program)) command.exitOverride().configureOutput({ outputError: () => undefined });
  return program;
}

const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)];

/** Runs one command line; resolves when the command is done or, for `serve`, when everything listens. */
export async function run(argv: readonly string[], doors: Doors, version: string): Promise<void> {
  const terminal: Terminal = {
    ...openScreen(),
    env: process.env,
    leave: (code) => {
      process.exitCode = code;
    },
  };
  const program = buildProgram(doors, terminal, version);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return leaveUsage(error, terminal);
    const { text, exit } = explain(error);
    terminal.note(`whereabouts: ${text}`);
    if (terminal.env['WHEREABOUTS_LOG_LEVEL'] === 'debug') terminal.note(causes(error));
    terminal.leave(exit);
  }
}

/** Commander repeats what was typed where an argument is too many or a command unknown: that may be somebody's number. */
function leaveUsage(error: CommanderError, terminal: Terminal): void {
  if (error.exitCode === 0 || error.code === 'commander.help') {
    terminal.leave(error.exitCode === 0 ? EXIT.done : EXIT.usage);
    return;
  }
  const said: Readonly<Record<string, string>> = {
    'commander.unknownCommand': 'no such command',
    'commander.excessArguments': 'too many arguments',
    'commander.unknownOption': 'no such option',
    'commander.invalidArgument': 'an argument is not of the right form',
  };
  const text = said[error.code] ?? error.message.replace(/^error: /, '');
  terminal.note(`whereabouts: ${text}; see --help`);
  terminal.leave(EXIT.usage);
}

/** Names, codes and places of an error and its causes; never their messages, which may hold input. */
function causes(error: unknown): string {
  const lines: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? ` ${String(at.code)}` : '';
    const frames = (at.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    lines.push(`${at.name}${code}`, ...frames.slice(0, 8));
  }
  return lines.join('\n');
}
