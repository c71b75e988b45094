// `whereabouts monitor`: tells of any record under a name registered from here that was not made from here. For a schedule:
// what it has told of and how far it read is remembered.
import { Command } from 'commander';
import type { MonitorReport, Sighting, WatchedName } from '../../../client/monitor.ts';
import { CODES } from '../../../protocol/errors.ts';
import { openMonitorStore } from '../seen-folder.ts';
import { readSetup, registrationsFolder, seenFolder, type AskingOptions } from './asking.ts';
import { EXIT, type Exit } from './exit.ts';
import { formatMoment } from './keys-text.ts';
import type { Terminal } from './program.ts';
import { openPersonal } from './register.ts';
import { openRegistrations, type Stored } from './registrations.ts';

interface MonitorOptions extends AskingOptions {
  readonly directory?: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ whereabouts monitor                                   every registration made from here
  $ whereabouts monitor --directory directory.example --json

Run it daily. It reads everything that ever happened under your names, and tells of records by other keys, also of one that
was there for a moment only. Nobody learns which names are yours but the directories, and they only the bucket.
Exit codes: 0 all is well, 3 something could not be checked, 4 there is something to tell, or a check failed.`;

export function monitorCommand(terminal: Terminal): Command {
  return new Command('monitor')
    .summary('see whether others registered your identifiers')
    .description('Checks the directories for records under your own names that you did not make.')
    .option('--directory <domain>', 'only this directory')
    .option('--json', 'print JSON, one name a line')
    .option('--policy <file>', 'policy that pins the directories’ logs')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: MonitorOptions) => {
      await monitor(terminal, options);
    });
}

async function monitor(terminal: Terminal, options: MonitorOptions): Promise<void> {
  const setup = readSetup(terminal, options.config);
  const registrations = openRegistrations(registrationsFolder(setup));
  const stored = await registrations.list(options.directory);
  if (stored.length === 0) {
    terminal.note('whereabouts: no registration was made from here [record-unknown]');
    return terminal.leave(EXIT.absent);
  }
  const store = openMonitorStore(seenFolder(setup));
  let exit: Exit = EXIT.done;
  for (const [directory, own] of Map.groupBy(stored, ({ registration }) => registration.directory)) {
    const { client } = await openPersonal(terminal, setup, { ...options, directory }, directory);
    for await (const report of client.monitor(directory, own.map(watch), store)) {
      const ended = endOf(report, stored);
      terminal.print(options.json === true ? JSON.stringify(report) : format(report, terminal, ended));
      const left = ended === 'lost' ? EXIT.refused : EXITS[report.outcome];
      if (left > exit) exit = left;
      // Told once: nobody can ask for that name any more, so that it need not be watched.
      const gone = own.find(({ registration }) => registration.name === report.name);
      if (ended !== undefined && gone !== undefined) await registrations.remove(gone.registration);
    }
  }
  terminal.leave(exit);
}

const EXITS = { clean: EXIT.done, unchecked: EXIT.unreachable, alarm: EXIT.refused, failed: EXIT.refused } as const;

const watch = ({ registration, former = [] }: Stored): WatchedName => {
  const { name, holder, digest, expires, key } = registration;
  return { name, own: [{ holder, digest, expires, key }, ...former.map((earlier) => ({ holder: earlier }))] };
};

/** What the end of the directory's old key meant for a registration: it was made anew in time, or is lost. */
function endOf({ name, outcome, retired }: MonitorReport, stored: readonly Stored[]): 'renewed' | 'lost' | undefined {
  if (retired !== true || outcome !== 'clean') return undefined;
  const handle = stored.find(({ registration }) => registration.name === name)?.handle;
  const isRenewed = stored.some((one) => one.handle === handle && one.registration.name !== name);
  return isRenewed ? 'renewed' : 'lost';
}

const KINDS: Readonly<Record<Sighting['kind'], string>> = {
  stranger: 'somebody else registered this identifier',
  returned: 'a registration you withdrew is back',
  altered: 'your registration is not the one you made',
  missing: 'your registration is gone, and you did not withdraw it',
};

const RENEW = 'the directory is changing its key: `whereabouts register … --renew` before';

function format(
  { directory, name, outcome, code, epoch, sightings, keyUntil }: MonitorReport,
  { style }: Terminal,
  ended: 'renewed' | 'lost' | undefined,
): string {
  // The beginning of the blinded name: enough to tell one's own apart.
  const head = `${directory}  ${name.slice(0, 8)}…  `;
  if (ended === 'renewed') return `${head}ended with the directory’s old key; you have registered under the new one`;
  if (ended === 'lost') return `${head}${style('red', 'ended with the directory’s old key')}: register again`;
  const soon = keyUntil === undefined ? '' : `\n    ${style('yellow', RENEW)} ${formatMoment(keyUntil)}`;
  if (outcome === 'clean') return `${head}${style('green', 'only yours')} (checked: epoch ${epoch ?? ''})${soon}`;
  const why = code === undefined ? '' : `: ${CODES[code]} [${code}]`;
  if (outcome === 'unchecked') return `${head}${style('yellow', 'could not be checked')}${why}`;
  if (outcome === 'failed') return `${head}${style('red', 'the check failed')}${why}; see \`whereabouts evidence\``;
  const lines = sightings.map(({ kind, from, to }) => {
    const since = from === undefined ? '' : `, from epoch ${from}`;
    return `    ${style('red', KINDS[kind])}${since}${to === undefined ? '' : `, until epoch ${to}`}`;
  });
  return `${[`${head}${style('red', 'not only yours')}`, ...lines].join('\n')}${soon}`;
}
