// `whereabouts chain`: identity chains (§9). Each subcommand is in a file of its own.
import { Command } from 'commander';
import { chainChangeCommands, chainStartCommand } from './chain-change.ts';
import { chainImportCommand } from './chain-import.ts';
import { setIndexCommand } from './chain-index.ts';
import { addNameCommand, removeNameCommand } from './chain-names.ts';
import { chainShowCommand } from './chain-show.ts';
import type { Terminal } from './program.ts';

export function chainCommand(terminal: Terminal): Command {
  const command = new Command('chain')
    .summary('work with identity chains')
    .description('Identity chains (docs/protocol.md §9).');
  const subcommands = [
    chainStartCommand(terminal),
    chainShowCommand(terminal),
    ...chainChangeCommands(terminal),
    addNameCommand(terminal),
    removeNameCommand(terminal),
    setIndexCommand(terminal),
    chainImportCommand(terminal),
  ];
  for (const subcommand of subcommands) command.addCommand(subcommand);
  return command;
}
