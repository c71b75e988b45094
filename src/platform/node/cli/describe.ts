// `whereabouts describe`: fetches a domain's description, checks it, and says in words what the domain offers.
import { Command } from 'commander';
import { createDescriptions } from '../../../client/descriptions.ts';
import { parseDomain } from '../../../protocol/domain.ts';
import type { Description } from '../../../protocol/description.ts';
import { systemClock } from '../clock.ts';
import { openOutside, openSandboxOutside } from '../outside.ts';
import { readSetup, sandboxPort } from './asking.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './program.ts';

const EXAMPLES = `
Examples:
  $ whereabouts describe bobchat.localhost          the sandbox
  $ whereabouts describe bob.chat --json

Exits with 4 when the description breaks a rule, 3 when the domain cannot be reached.`;

export function describeCommand(terminal: Terminal): Command {
  return new Command('describe')
    .summary('fetch and check a domain’s description')
    .description('Fetches https://<domain>/.well-known/whereabouts under the rules, checks it and says what it offers.')
    .argument('<domain>', 'a domain')
    .option('--json', 'print the description as it was accepted')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (text: string, options: { json?: true; config?: string; port?: string }) => {
      const domain: string = parseDomain(text);
      const sandbox = domain.endsWith('.localhost');
      const { values } = readSetup(terminal, options.config);
      const { fetch } = sandbox ? openSandboxOutside(sandboxPort(options.port, terminal.env)) : openOutside(values);
      const description = await createDescriptions({ fetch, clock: systemClock, sandbox }).fetch(domain);
      terminal.print(options.json === true ? JSON.stringify(description) : formatDescription(description, terminal));
      terminal.leave(EXIT.done);
    });
}

function formatDescription(description: Description, { style }: Terminal): string {
  const { domain, name, contact, jwks, issuer, provider, directory } = description;
  const field = (title: string, value: string | undefined): string[] =>
    value === undefined || value === '' ? [] : [`  ${style('dim', title.padEnd(12))}${value}`];
  const lines = [
    `${style('bold', name ?? domain)}  ${style('dim', domain)}`,
    ...field('contact', contact),
    ...field('keys', jwks?.keys.map((key) => `${key.kid ?? '(no id)'} ${key.crv ?? ''}`).join(', ')),
  ];
  if (directory !== undefined)
    lines.push(
      '',
      style('bold', '  Directory'),
      ...field('api', directory.api),
      ...field('log', directory.log),
      ...field('issuers', typeof directory.issuers === 'string' ? directory.issuers : directory.issuers?.join(', ')),
    );
  if (issuer !== undefined)
    lines.push('', style('bold', '  Issuer'), ...field('api', issuer.api), ...field('by', issuer.amr?.join(', ')));
  if (provider !== undefined) {
    lines.push(
      '',
      style('bold', '  Provider'),
      ...field('protocols', provider.protocols?.join(', ')),
      ...field('features', provider.features?.join(', ')),
    );
    for (const bridge of provider.bridges ?? [])
      lines.push(
        ...field(
          'bridge',
          `from ${bridge.from.join(', ')} by ${bridge.protocol}: ${bridge.placement}, ${bridge.encryption}`,
        ),
        ...field('', bridge.endpoint),
      );
  }
  return lines.join('\n');
}
