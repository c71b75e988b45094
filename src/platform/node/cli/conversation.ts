// `whereabouts conversation plan`: the tree of bridges for a conversation of some networks, as a picture or as data; and `whereabouts
// networks`: which networks reach one another. From descriptions that domains serve, or files of them; asks no directory.
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { createDescriptions } from '../../../client/descriptions.ts';
import { drawPlan, type Drawing } from '../../../client/plan-drawing.ts';
import { adviseNetworks, type Advice } from '../../../protocol/conversation/advice.ts';
import { gatherInputs } from '../../../protocol/conversation/gather.ts';
import { makePlan } from '../../../protocol/conversation/plan.ts';
import { parseDescription, type Description } from '../../../protocol/description.ts';
import { isDomain, isLocal, parseDomain } from '../../../protocol/domain.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseJsonObject } from '../../../protocol/json.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { systemClock } from '../clock.ts';
import { openOutside, openSandboxOutside } from '../outside.ts';
import { readNamed } from '../paths.ts';
import { readSetup, sandboxPort } from './asking.ts';
import type { Terminal } from './program.ts';

interface Options {
  readonly svg?: true;
  readonly mermaid?: true;
  readonly dot?: true;
  readonly json?: true;
  readonly config?: string;
  readonly port?: string;
}

/** What ties are broken by where there is no conversation yet. */
const ID = 'plan';

const source = (command: Command): Command =>
  command
    .argument('<networks...>', 'domains, or files of descriptions')
    .option('--json', 'print everything as JSON')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)');

export function conversationCommand(terminal: Terminal): Command {
  const plan = source(new Command('plan'))
    .summary('the tree of bridges for a conversation of some networks')
    .description(
      'Computes the tree every bridge would compute from the descriptions of these networks (protocol.md §11).',
    )
    .option('--svg', 'draw it (the default)')
    .option('--mermaid', 'as Mermaid text')
    .option('--dot', 'as DOT text, for Graphviz')
    .addHelpText(
      'after',
      '\nExample:\n  $ whereabouts conversation plan --svg alicechat.localhost bobchat.localhost > plan.svg',
    )
    .action(async (networks: string[], options: Options) => {
      const { terminals, descriptions } = await readNetworks(terminal, networks, options);
      const inputs = gatherInputs({ id: ID, terminals }, { descriptions, health: () => undefined });
      const made = makePlan(inputs);
      const drawing: Drawing = options.mermaid === true ? 'mermaid' : options.dot === true ? 'dot' : 'svg';
      terminal.print(options.json === true ? JSON.stringify({ plan: made, inputs }) : drawPlan(drawing, made, inputs));
    });
  return new Command('conversation').description('Conversations across networks.').addCommand(plan);
}

export function networksCommand(terminal: Terminal): Command {
  return source(new Command('networks'))
    .summary('which networks reach one another, and which bridge is missing most')
    .description('Says for each pair of networks over which bridges they reach each other and who could read there.')
    .action(async (networks: string[], options: Options) => {
      const { terminals, descriptions } = await readNetworks(terminal, networks, options);
      const advice = adviseNetworks(terminals, descriptions);
      terminal.print(options.json === true ? JSON.stringify(advice) : formatAdvice(advice));
    });
}

function formatAdvice({ pairs, bridge }: Advice): string {
  const lines = pairs.map(({ networks, bridges, encryption: { level, readers } }) => {
    const way =
      bridges === undefined
        ? 'no way'
        : `${bridges.join(' + ')}: ${level}${readers.length === 0 ? '' : `, readable for ${readers.join(', ')}`}`;
    return `${networks.join(' – ')}  ${way}`;
  });
  const missing =
    bridge === undefined
      ? 'All of them reach one another.'
      : `A bridge between ${bridge.between.join(' and ')} would join ${bridge.joins} more pairs.`;
  return [...lines, '', missing].join('\n');
}

async function readNetworks(
  terminal: Terminal,
  sources: readonly string[],
  options: Options,
): Promise<{ terminals: string[]; descriptions: Description[] }> {
  if (sources.length > LIMITS.conversationNetworks) throw new WhereaboutsError('request-too-large');
  const descriptions: Description[] = [];
  for (const one of sources) descriptions.push(await readNetwork(terminal, one, options));
  return { terminals: descriptions.map(({ domain }) => domain), descriptions };
}

async function readNetwork(terminal: Terminal, name: string, options: Options): Promise<Description> {
  if (existsSync(name)) {
    const text = readNamed(name, 'the description');
    const { domain } = parseJsonObject(text);
    if (typeof domain !== 'string' || !isDomain(domain)) throw new WhereaboutsError('description-invalid');
    return parseDescription(text, domain, { sandbox: isLocal(domain) });
  }
  // What is neither is somebody's mistake, and may be somebody's number: it is not repeated.
  if (!isDomain(name)) throw new WhereaboutsError('request-invalid', 'neither a domain nor a file that is there');
  const domain = parseDomain(name);
  const sandbox = isLocal(domain);
  const { values } = readSetup(terminal, options.config);
  const { fetch } = sandbox ? openSandboxOutside(sandboxPort(options.port, terminal.env)) : openOutside(values);
  return createDescriptions({ fetch, clock: systemClock, sandbox }).fetch(domain);
}
