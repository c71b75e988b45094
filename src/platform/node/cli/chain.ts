// `whereabouts chain`: identity chains (§9). Each subcommand is in a file of its own.
import { Command } from 'commander';
import { chainImportCommand } from './chain-import.ts';
import type { Terminal } from './program.ts';

export function chainCommand(terminal: Terminal): Command {
  const command = new Command('chain')
    .summary('work with identity chains')
    .description('Identity chains (docs/protocol.md §9).');
  for (const subcommand of [chainImportCommand(terminal)]) command.addCommand(subcommand);
  return command;
}
