// `whereabouts verify`: is the one who writes from an account the owner of an identifier? Asks the directories, or checks what somebody
// else was told, without asking any.
import { Command } from 'commander';
import type { AccountJudgement } from '../../../protocol/account-evidence.ts';
import { formatTime } from '../../../protocol/answer.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseJson } from '../../../protocol/json.ts';
import { readNamed } from '../paths.ts';
import { findPolicy, openClient, readSetup, type AskingOptions } from './asking.ts';
import { EXIT, type Exit } from './exit.ts';
import type { Terminal } from './program.ts';

interface VerifyOptions extends AskingOptions {
  readonly provider?: string;
  readonly address?: string;
  readonly from?: string;
  readonly region?: string;
  readonly evidence?: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ whereabouts verify "+44 20 7946 0123" --provider bob.chat --address @bob:bob.chat --policy policy.json
  $ whereabouts verify "+44 20 7946 0123" --provider bob.chat --address @bob:bob.chat --json > answer.json
  $ whereabouts verify --evidence answer.json --policy policy.json      what somebody else was told, by your own policy

Verdicts: match (0), mismatch (1), unknown (3): not registered, contested, or a directory could not be asked.
Evidence names the person and opens what was found under the name: give it only to whom you would tell both.
To check it no directory is asked; the descriptions of your policy's domains are fetched, for the keys of those you believe.`;

export function verifyCommand(terminal: Terminal): Command {
  return new Command('verify')
    .summary('check that an account is the one its owner names')
    .description('Asks whether the owner of a phone number or e-mail address names this account as his.')
    .argument('[id]', 'phone number or e-mail address that somebody says is his')
    .option('--provider <domain>', 'network he writes from')
    .option('--address <address>', 'his address there, spelled as the network spells it')
    .option('--from <domain>', 'whose user asks (default: the domain of the policy)')
    .option('--region <region>', 'region of national phone numbers, such as GB')
    .option('--evidence <file>', 'check this evidence instead: the answer of --json, or its member `evidence`')
    .option('--json', 'print JSON, with the evidence')
    .option('--policy <file>', 'policy to ask under')
    .option('--keys <file>', 'keys file with your domain’s signing key')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (id: string | undefined, options: VerifyOptions) => {
      const { evidence, provider, address, from, region } = options;
      const setup = readSetup(terminal, options.config);
      const policy = findPolicy(setup, options, from);
      if (policy === undefined)
        throw new WhereaboutsError(
          'config-invalid',
          'say who asks: --from alicechat.localhost (sandbox), or a --policy',
        );
      const open = async () => {
        const { client } = await openClient(terminal, setup, { ...options, anonymous: evidence !== undefined }, policy);
        return client;
      };
      if (evidence !== undefined) {
        if (id !== undefined) throw new WhereaboutsError('config-invalid', 'evidence names its own identifier');
        const value = readEvidence(readNamed(evidence, 'the evidence'));
        const judged = await (await open()).verifyEvidence(value);
        const { claims, checkedAt } = judged.evidence;
        print(terminal, { ...judged, id: judged.evidence.id, claims }, options.json === true, checkedAt);
        return;
      }
      if (id === undefined || provider === undefined || address === undefined)
        throw new WhereaboutsError('config-invalid', 'give an identifier with --provider and --address, or --evidence');
      const about = { ...(from === undefined ? {} : { from }), ...(region === undefined ? {} : { region }) };
      const answer = await (await open()).verify({ id, claims: { provider, address } }, about);
      print(terminal, answer, options.json === true);
    });
}

/** An answer holds its evidence; anything else is taken for evidence itself. */
function readEvidence(text: string): unknown {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'evidence' in value
    ? value['evidence']
    : value;
}

const COLOURS = { match: 'green', mismatch: 'red', unknown: 'yellow' } as const;
const EXITS = { match: EXIT.done, mismatch: EXIT.absent, unknown: EXIT.unreachable } as const satisfies Record<
  AccountJudgement['verdict'],
  Exit
>;

function print(
  terminal: Terminal,
  answer: AccountJudgement & { readonly id: string; readonly claims: { provider: string; address: string } },
  json: boolean,
  checkedAt?: number,
): void {
  const { verdict, assurance, contested, directories, id, claims } = answer;
  const { style } = terminal;
  if (json) terminal.print(JSON.stringify(answer));
  else {
    const how = assurance === undefined ? '' : ` (${assurance})`;
    const when = checkedAt === undefined ? '' : style('dim', `  as of ${formatTime(checkedAt)}`);
    terminal.print(`${id}  ${style(['bold', COLOURS[verdict]], verdict)}${how}${when}`);
    terminal.print(`  ${claims.address}  ${style('dim', claims.provider)}`);
    if (contested) terminal.print(style('yellow', '  two are at odds over this identifier'));
    for (const { domain, outcome, code } of directories)
      terminal.print(style('dim', `  ${domain}: ${outcome}${code === undefined ? '' : ` [${code}]`}`));
  }
  terminal.leave(EXITS[verdict]);
}
