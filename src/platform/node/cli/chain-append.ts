// What every command that adds a link to a chain of one's own shares (§9.1): its options, the key from its file, and the report of what
// the directory has proven to have taken.
import { Command } from 'commander';
import type { FoundChain, NextAction } from '../../../client/chain.ts';
import type { Client } from '../../../client/client.ts';
import type { ChainFile } from '../chain-files.ts';
import { readSetup, type Setup } from './asking.ts';
import { openChainClient, openOwnChain, type ChainOptions } from './chain-asking.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './program.ts';

/** A command about a chain, with the options each of them has. */
export function chainSubcommand(name: string, summary: string, example: string): Command {
  return new Command(name)
    .summary(summary)
    .description(`${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`)
    .option('--json', 'print JSON')
    .option('--policy <file>', 'policy that pins the directory’s log')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', `\nExamples:\n  $ whereabouts chain ${example}`);
}

/** One that adds a link. */
export const change = (name: string, summary: string, example: string): Command =>
  chainSubcommand(name, summary, example)
    .option('--chain <id>', 'which chain, where you have several')
    .option('--key-file <file>', 'sign with the key in this file');

/** A chain of one's own that is to grow. */
export interface OwnChain extends ChainFile {
  readonly setup: Setup;
  readonly client: Client;
}

export async function openOwn(terminal: Terminal, options: ChainOptions): Promise<OwnChain> {
  const setup = readSetup(terminal, options.config);
  const own = await openOwnChain(setup, options);
  return { ...own, setup, client: await openChainClient(terminal, setup, options, own.directory) };
}

/** Adds one link. */
export async function append(
  terminal: Terminal,
  options: ChainOptions,
  makeAction: (own: OwnChain) => Promise<NextAction>,
): Promise<{ found: FoundChain; directory: string }> {
  const own = await openOwn(terminal, options);
  const { client, chain, directory, key } = own;
  return { found: await client.appendLink(directory, chain, await makeAction(own), key), directory };
}

export function report(terminal: Terminal, { state, epoch }: FoundChain, { json }: ChainOptions, text: string): void {
  const { id, seq, tip } = state;
  terminal.print(json === true ? JSON.stringify({ id, seq, link: tip, epoch }) : text);
  terminal.leave(EXIT.done);
}
