// `whereabouts enum`: a DNS server for telephone software that asks ENUM, in front of the blind protocol. Runs until a signal.
import { Command } from 'commander';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { systemClock } from '../clock.ts';
import { closeOnSignal, createRunning } from '../running.ts';
import { findPolicy, openClient, readSetup, type AskingOptions } from './asking.ts';
import type { Terminal } from './program.ts';

interface EnumOptions extends AskingOptions {
  readonly from?: string;
  readonly listen?: string;
  readonly zone?: string;
}

/** As a resolver does it: descriptions are fetched on a schedule, never because of a question. */
const REFRESH = 300_000;

const EXAMPLES = `
Examples:
  $ whereabouts enum --from alicechat.localhost                     in front of the sandbox
  $ dig @127.0.0.1 -p 5300 NAPTR 3.2.1.0.6.4.9.7.0.2.4.4.e164.arpa
  $ whereabouts enum --policy policy.json --zone enum.alice.example --listen 10.0.0.5:53

DNS is plain text: whoever sees the wire sees the numbers, and whoever reaches the port asks on your quota. Keep it on this
machine or in a network of your own, and let no resolver of others forward to it. See docs/operating.md.
Exit codes: 2 for a configuration that cannot be used, 3 for a port that somebody else has.`;

export function enumCommand(terminal: Terminal): Command {
  return new Command('enum')
    .summary('answer ENUM questions (NAPTR) over DNS')
    .description('Answers where the owners of phone numbers want to be reached, in the words of ENUM (RFC 6116).')
    .option('--listen <address:port>', 'where to answer, over UDP and TCP (default: WHEREABOUTS_ENUM_LISTEN)')
    .option('--zone <domain>', 'zone the numbers stand under (default: WHEREABOUTS_ENUM_ZONE)')
    .option('--from <domain>', 'whose user asks: decides the bridge (default: the domain of the policy)')
    .option('--policy <file>', 'policy to ask under')
    .option('--keys <file>', 'keys file with your domain’s signing key')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: EnumOptions) => {
      await serveEnum(terminal, options);
    });
}

async function serveEnum(terminal: Terminal, options: EnumOptions): Promise<void> {
  const [{ listenEnum }, { createLog }] = await Promise.all([import('../enum-server.ts'), import('../log.ts')]);
  const setup = readSetup({ ...terminal, env: withOptions(terminal.env, options) }, options.config);
  const policy = findPolicy(setup, options, options.from);
  if (policy === undefined)
    throw new WhereaboutsError('config-invalid', 'say who asks: --from alicechat.localhost (sandbox), or a --policy');
  const { enumListen = '', enumZone = '', quotaLookupsPerAddress: quota, logLevel = 'info' } = setup.values;
  if (quota === undefined) throw new WhereaboutsError('config-invalid', 'the quota is missing');
  const { client } = await openClient(terminal, setup, options, policy);
  const from = options.from ?? policy.domain;
  const log = createLog(logLevel);
  const running = createRunning(log);
  const colon = enumListen.lastIndexOf(':');
  const socket = await listenEnum({
    client: { where: (identifier) => client.where(identifier, { from }) },
    zone: enumZone,
    host: enumListen.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(enumListen.slice(colon + 1)),
    quota,
    clock: systemClock,
    log,
  });
  running.onClose(() => socket.close());
  running.every(REFRESH, 'refresh-failed', () => client.refresh());
  running.start();
  closeOnSignal(running, log);
  log.info('listening', { roles: 'enum', port: socket.port });
}

/** Options are settings said otherwise: read and judged like them. */
function withOptions(env: Terminal['env'], { listen, zone }: EnumOptions): Terminal['env'] {
  return {
    ...env,
    ...(listen === undefined ? {} : { WHEREABOUTS_ENUM_LISTEN: listen }),
    ...(zone === undefined ? {} : { WHEREABOUTS_ENUM_ZONE: zone }),
  };
}
