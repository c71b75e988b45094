// `whereabouts evidence`: what directories signed that they should not have, as it was kept when a check failed. Judges what
// it proves by itself; what follows from it is for people to decide.
import { Command } from 'commander';
import type { SavedEvidence } from '../../../client/checkpoints.ts';
import { CODES } from '../../../protocol/errors.ts';
import { findEvidence } from '../../../protocol/log/evidence.ts';
import { parseVkey } from '../../../protocol/log/vkey.ts';
import { openCheckpoints } from '../seen-folder.ts';
import { readSetup, seenFolder } from './asking.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './program.ts';

const EXAMPLES = `
Examples:
  $ whereabouts evidence               what was kept, and what it proves
  $ whereabouts evidence --json        with the signed notes and replies, one a line, to be given to others

Two notes of one size with different roots convict the directory before anybody who knows its key. Anything else was signed
by it and failed a check here: worth asking about, but it proves nothing alone.`;

export function evidenceCommand(terminal: Terminal): Command {
  return new Command('evidence')
    .summary('show what directories signed that they should not have')
    .description('Lists the signed contradictions this program came across.')
    .option('--json', 'print JSON, one piece of evidence a line')
    .option('--config <file>', 'configuration file')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { json?: true; config?: string }) => {
      const kept = await openCheckpoints(seenFolder(readSetup(terminal, options.config))).listEvidence();
      if (kept.length === 0 && options.json !== true) terminal.print('No directory has contradicted itself here.');
      for (const evidence of kept) {
        const convicts = await isConviction(evidence);
        terminal.print(
          options.json === true ? JSON.stringify({ ...evidence, convicts }) : format(evidence, convicts, terminal),
        );
      }
      terminal.leave(EXIT.done);
    });
}

async function isConviction({ notes, log }: SavedEvidence): Promise<boolean> {
  const [a, b] = notes;
  return a !== undefined && b !== undefined && (await findEvidence(a, b, parseVkey(log))) !== undefined;
}

function format({ origin, code, savedAt, notes }: SavedEvidence, convicts: boolean, { style }: Terminal): string {
  const when = new Date(savedAt * 1000).toISOString().replace('.000Z', 'Z');
  const proves = convicts
    ? style('red', 'two different logs under one signature: this convicts its owner')
    : style('yellow', 'signed, and refused by a check here');
  const texts = notes.map((note) => note.trimEnd().replaceAll(/^/gm, '      '));
  return [`${style('bold', origin)}  ${when}`, `    ${proves}: ${CODES[code]} [${code}]`, ...texts, ''].join('\n');
}
