// `whereabouts where`: asks the directories itself, or a resolver, and prints what it found. The identifiers go nowhere in clear
// but to a resolver one names.
import { Command, Option } from 'commander';
import type { InvalidAnswer, Progress } from '../../../client/where-many.ts';
import type { Answer } from '../../../protocol/answer.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { findLanguage } from '../../../protocol/language/language.ts';
import { LANGUAGES, type Language } from '../../../protocol/language/messages.ts';
import { formatAnswer, formatAnswerLine } from './answer-text.ts';
import { findPolicy, openClient, readSetup, type AskingOptions } from './asking.ts';
import { EXIT, exitOf, type Exit } from './exit.ts';
import { explainReport } from './explain-text.ts';
import { readLines } from './lines.ts';
import { collectList } from './lists.ts';
import type { Terminal } from './program.ts';
import { askResolver } from './resolver-client.ts';

interface WhereOptions extends AskingOptions {
  readonly from?: string;
  readonly region?: string;
  readonly for?: string[];
  readonly prefer?: string[];
  readonly avoid?: string[];
  readonly unverified?: true;
  readonly also?: string[];
  readonly chosen?: string;
  readonly exists?: true;
  readonly chains?: true;
  readonly explain?: true;
  readonly language?: string;
  readonly json?: true;
  readonly file?: string;
  readonly resolver?: string;
  readonly tokenFile?: string;
}

/** A question as the SDK and a resolver take it, without the identifiers. */
export interface Question {
  readonly from: string;
  readonly language: Language;
  readonly region?: string;
  readonly for?: readonly string[];
  readonly prefer?: readonly string[];
  readonly avoid?: readonly string[];
  readonly unverified?: boolean;
  readonly also?: readonly string[];
  readonly chosen?: string;
  readonly exists?: boolean;
  readonly chains?: boolean;
  readonly explain?: boolean;
}

type Ask = (
  ids: readonly string[] | AsyncIterable<string>,
  onProgress: (progress: Progress) => void,
) => AsyncIterable<Answer | InvalidAnswer>;

const EXAMPLES = `
Examples:
  $ whereabouts where "+44 20 7946 0123" --from alicechat.localhost        the sandbox
  $ whereabouts where "020 7946 0123" --region GB --from alicechat.localhost
  $ whereabouts where bob@example.org --from alicechat.localhost --explain       what was checked, step by step
  $ whereabouts where bob@example.org --from alicechat.localhost --chains        also public accounts, where he ties any to it
  $ whereabouts where bob@example.org --policy policy.json                 your own policy, with the keys of your domain
  $ whereabouts where bob@example.org --from alicechat.localhost --language pl
  $ whereabouts where --file contacts.txt --json > answers.ndjson          a list, one identifier a line
  $ cut -d, -f2 contacts.csv | whereabouts where --file - --from alicechat.localhost
  $ whereabouts where bob@example.org --resolver http://127.0.0.1:8081 --token-file resolver-token --from alicechat.example

Outcomes: found (0), absent and opted-out (1), unknown where a directory could not be asked or checked (3).
Of several the highest counts.`;

export function whereCommand(terminal: Terminal): Command {
  return new Command('where')
    .summary('ask where somebody wants to be reached')
    .description('Asks where the owner of a phone number or e-mail address wants to be reached, and checks the answer.')
    .argument('[ids...]', 'phone numbers or e-mail addresses')
    .option('--from <domain>', 'whose user asks: decides the bridge (default: the domain of the policy)')
    .option('--region <region>', 'region of national phone numbers, such as GB')
    .option('--for <tags>', 'purposes the route must be good for: personal, business, emergency, …', collectList)
    .option('--prefer <domains>', 'providers to list first, with commas between them; nobody is told', collectList)
    .option('--avoid <domains>', 'providers and bridges to leave out; nobody is told', collectList)
    .option('--unverified', 'also list what nobody you trust vouches for, as claimed')
    .option('--also <domains>', 'networks of your own to offer where nobody is found', collectList)
    .option('--chosen <domain>', 'where you reached this person last: that route goes first')
    .option('--exists', 'where nobody is found, ask the networks offered whether the person is there')
    .option('--chains', 'show public identities that routes cite; the directory sees which of them you look at')
    .option('--explain', 'walk through each check of the answer in plain words')
    .option('--language <tag>', `language of the answer: ${LANGUAGES.join(', ')} (default: as LANG says, else en)`)
    .option('--file <file>', 'read identifiers from a file, one a line; - is standard input')
    .option('--json', 'print JSON, one answer a line')
    .option('--policy <file>', 'policy to ask under')
    .option('--keys <file>', 'keys file with your domain’s signing key')
    .option('--config <file>', 'configuration file')
    .addOption(new Option('--resolver <url>', 'ask this resolver instead of the directories'))
    .addOption(new Option('--token-file <file>', 'file with the resolver’s bearer token'))
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (ids: string[], options: WhereOptions) => {
      await where(terminal, ids, options);
    });
}

async function where(terminal: Terminal, ids: readonly string[], options: WhereOptions): Promise<void> {
  if ((ids.length === 0) === (options.file === undefined))
    throw new WhereaboutsError('config-invalid', 'give identifiers, or a --file of them');
  const language = readLanguage(options.language, terminal.env);
  const ask = await openAsk(terminal, options, language);
  const single = ids.length === 1 && options.file === undefined;
  const bar = terminal.progress('asked');
  let exit: Exit = EXIT.done;
  const answers = ask(options.file === undefined ? ids : readLines(options.file), ({ answered, total }) =>
    bar.to(answered, total),
  );
  let line = 0;
  for await (const answer of answers) {
    line += 1;
    // The bar and a terminal's answers share the screen.
    bar.clear();
    const left = print(terminal, answer, line, { single, json: options.json === true, language });
    if (left > exit) exit = left;
  }
  bar.clear();
  terminal.leave(exit);
}

/** Prints one answer; returns the exit code it alone would mean. */
function print(
  terminal: Terminal,
  answer: Answer | InvalidAnswer,
  line: number,
  { single, json, language }: { single: boolean; json: boolean; language: Language },
): Exit {
  if (answer.outcome === 'invalid') {
    if (json) terminal.print(JSON.stringify(answer));
    // Without the input: it may be somebody's number, mistyped, in a terminal that is being shown around.
    else
      terminal.note(
        `whereabouts: ${single ? 'this' : `number ${line}`} is no phone number or e-mail address [${answer.code}]`,
      );
    return exitOf(answer.code);
  }
  if (json) terminal.print(JSON.stringify(answer));
  else {
    terminal.print((single ? formatAnswer : formatAnswerLine)(answer, language, terminal.style));
    for (const report of answer.directories)
      if (report.checks !== undefined) terminal.print(`\n${explainReport(report, terminal.style)}`);
  }
  if (!json && isSandboxDown(answer)) terminal.note('whereabouts: is the sandbox running? Start it with `npm start`');
  if (answer.outcome === 'found') return EXIT.done;
  return answer.outcome === 'unknown' ? EXIT.unreachable : EXIT.absent;
}

const isSandboxDown = ({ directories }: Answer): boolean =>
  directories.some(({ domain, code }) => domain.endsWith('.localhost') && code === 'provider-unknown');

/** The language named, else that of the environment (POSIX: LC_ALL, then LC_MESSAGES, then LANG), else English. */
function readLanguage(named: string | undefined, env: Terminal['env']): Language {
  const language = findLanguage(named ?? (env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || 'en'));
  if (language === undefined && named !== undefined)
    throw new WhereaboutsError('config-invalid', `--language is one of ${LANGUAGES.join(', ')}`);
  return language ?? 'en';
}

async function openAsk(terminal: Terminal, options: WhereOptions, language: Language): Promise<Ask> {
  const { resolver, region, prefer, avoid, unverified, also, chosen, exists, chains, explain, for: tags } = options;
  if (explain === true && resolver !== undefined)
    throw new WhereaboutsError(
      'config-invalid',
      'a resolver keeps what it checked to itself: --explain asks without one',
    );
  const setup = readSetup(terminal, options.config);
  const policy = resolver === undefined ? findPolicy(setup, options, options.from) : undefined;
  const from = options.from ?? policy?.domain;
  if (from === undefined)
    throw new WhereaboutsError('config-invalid', 'say who asks: --from alicechat.localhost (sandbox), or a --policy');
  const question: Question = {
    from,
    language,
    ...(region === undefined ? {} : { region }),
    ...(tags === undefined ? {} : { for: tags }),
    ...(prefer === undefined ? {} : { prefer }),
    ...(avoid === undefined ? {} : { avoid }),
    ...(unverified === undefined ? {} : { unverified }),
    ...(also === undefined ? {} : { also }),
    ...(chosen === undefined ? {} : { chosen }),
    ...(exists === undefined ? {} : { exists }),
    ...(chains === undefined ? {} : { chains }),
    ...(explain === undefined ? {} : { explain }),
  };
  if (resolver !== undefined)
    return (ids, onProgress) => askResolver({ resolver, tokenFile: options.tokenFile }, ids, { question, onProgress });
  if (policy === undefined)
    throw new WhereaboutsError('config-invalid', 'there is no policy to ask under: give one with --policy');
  const { client } = await openClient(terminal, setup, options, policy);
  for (const domain of also ?? []) await client.addNetwork(domain, from);
  return (ids, onProgress) => client.whereMany(ids, { ...question, onProgress });
}
