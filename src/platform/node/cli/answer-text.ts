// An answer (§7) as a person reads it, in their language. Pure: what to print, with `style` for a terminal; asking is where.ts,
// the words are protocol/language's. Codes stay as they are: one may want to look them up.
import type { Answer, AnswerChain, AnswerRoute } from '../../../protocol/answer.ts';
import { CODES } from '../../../protocol/errors.ts';
import { messagesIn } from '../../../protocol/language/language.ts';
import type { Language, Messages } from '../../../protocol/language/messages.ts';
import type { Screen } from './screen.ts';

type Style = Screen['style'];

const COLOURS = { found: 'green', absent: 'yellow', 'opted-out': 'yellow', unknown: 'red' } as const;
const TRUST = { confirmed: 'green', domain: 'green', attested: 'green', claimed: 'red' } as const;
const STATES = { ok: 'green', failed: 'red', unreachable: 'yellow' } as const;
const VERDICTS = { private: 'green', unconfirmed: 'yellow', readable: 'yellow', unreachable: 'red' } as const;

const day = (time: string): string => time.slice(0, 10);

/** The whole answer, several lines. */
export function formatAnswer(answer: Answer, language: Language, style: Style): string {
  const messages = messagesIn(language);
  const { page } = messages;
  const outcome = style(['bold', COLOURS[answer.outcome]], answer.outcome);
  const lines = [`${answer.id}  ${outcome}`, ''];
  for (const route of answer.routes) lines.push(...formatRoute(route, messages, style), '');
  if (answer.outcome === 'opted-out') lines.push(`  ${page.optedOut}`, '');
  if (answer.outcome !== 'found' && answer.alternatives.length > 0) {
    lines.push(
      `  ${page.alternatives}`,
      ...answer.alternatives.map((other) => formatAlternative(other, messages, style)),
      '',
    );
  }
  lines.push(...answer.directories.map((directory) => style('dim', `  ${formatDirectory(directory, messages)}`)));
  return lines.join('\n');
}

function formatRoute(route: AnswerRoute, messages: Messages, style: Style): string[] {
  const { page, levels } = messages;
  const { provider, connect, encryption } = route;
  const { level, readers, verdict, reasons, explanation, warning } = encryption;
  const width = Math.max(12, ...FIELDS.map((name) => page[name].length + 1));
  const field = (name: (typeof FIELDS)[number], ...values: readonly (string | undefined)[]): string[] =>
    values
      .filter((value) => value !== undefined && value !== '')
      .map((value, at) => `    ${style('dim', (at === 0 ? page[name] : '').padEnd(width))}${value}`);
  return [
    `  ${formatNetwork(provider, style)}`,
    ...field('address', route.address),
    ...field('assurance', formatAssurance(route, messages, style)),
    ...field('bridge', formatConnect(connect, messages)),
    ...field('endpoint', connect?.endpoint),
    ...field('stale', ...(provider.stale === true ? [style('yellow', page.isStale(provider.domain))] : [])),
    ...field('encryption', levels[level]),
    ...field('readers', readers.length === 0 ? page.noReaders : readers.join(', ')),
    ...field(warning === null ? 'explanation' : 'warning', style(VERDICTS[verdict], explanation)),
    ...field('reasons', ...reasons.map(({ text }) => text)),
    ...field('features', route.features.join(', ')),
    ...field('automatic', route.auto ? page.isAutomatic : page.isNotAutomatic),
    ...field('contested', route.contested ? style('yellow', page.isContested) : undefined),
    ...field('chains', ...(route.chains ?? []).flatMap((chain) => formatChain(chain, messages, style))),
    ...field('since', page.life(day(route.since), day(route.expires))),
  ];
}

const FIELDS = [
  'address',
  'assurance',
  'bridge',
  'endpoint',
  'stale',
  'encryption',
  'readers',
  'explanation',
  'warning',
  'reasons',
  'features',
  'automatic',
  'contested',
  'chains',
  'since',
] as const satisfies readonly (keyof Messages['page'])[];

/** Every account with what was seen there and when, as the directory says. */
function formatChain({ accounts, id }: AnswerChain, { page, accountStates }: Messages, style: Style): string[] {
  if (accounts.length === 0) return [id];
  return accounts.map(({ service, account, state, answer, checkedAt, answeredAt, checker }) => {
    const when = answer === undefined ? checkedAt : answeredAt;
    const seen =
      when === undefined
        ? accountStates.unchecked
        : page.accountSeen(accountStates[answer ?? state], when.replace('T', ' ').slice(0, 16), checker);
    const said = answer === undefined ? seen : `${seen}; ${accountStates.unreachable}`;
    return `${service}:${account}  ${style(STATES[state], said)}`;
  });
}

function formatAssurance({ assurance, issuers, provider }: AnswerRoute, messages: Messages, style: Style): string {
  const words = messages.assurances[assurance](issuers, provider.domain);
  return `${style(TRUST[assurance], assurance)} (${words})`;
}

function formatConnect(connect: AnswerRoute['connect'], { page, placements, sources }: Messages): string {
  if (connect === null) return page.noConnect;
  const { placement, protocol, source, operator } = connect;
  return page.connect({ placement: placements[placement], source: sources[source], protocol, operator });
}

function formatAlternative(other: Answer['alternatives'][number], messages: Messages, style: Style): string {
  const { page, levels, existences } = messages;
  const way = other.connect === null ? page.noBridge : levels[other.encryption.level];
  const there = other.exists === undefined ? '' : `  ${existences[other.exists]}`;
  return `    ${formatNetwork(other, style)}  ${style('dim', other.available === false ? page.notAvailable : way)}${there}`;
}

/** By the name its description gives it, which anybody may choose, so never without the domain. */
const formatNetwork = ({ domain, name }: { domain: string; name?: string }, style: Style): string =>
  name === undefined ? style('bold', domain) : `${style('bold', name)}  ${style('dim', domain)}`;

function formatDirectory(directory: Answer['directories'][number], messages: Messages): string {
  const { domain, outcome, code } = directory;
  const why = code === undefined ? '' : `. ${CODES[code]} [${code}]`;
  return `${domain}: ${outcome}${why}${formatChecked(directory, messages)}`;
}

/** What stands behind a directory's answer: nothing, where it could not be checked. */
function formatChecked({ epoch, witnesses = 0 }: Answer['directories'][number], { page }: Messages): string {
  return epoch === undefined ? '' : `, ${page.checked(epoch, witnesses)}`;
}

/** One line: what a list of many is printed as. */
export function formatAnswerLine(answer: Answer, language: Language, style: Style): string {
  const { page, levels } = messagesIn(language);
  const outcome = style(COLOURS[answer.outcome], answer.outcome.padEnd(9));
  const [route] = answer.routes;
  if (route === undefined) {
    const codes = answer.directories.flatMap(({ domain, code }) => (code === undefined ? [] : [`${domain}: ${code}`]));
    return `${outcome}  ${answer.id}${codes.length === 0 ? '' : style('dim', `  ${codes.join(', ')}`)}`;
  }
  const more = answer.routes.length > 1 ? style('dim', `  ${page.moreRoutes(answer.routes.length - 1)}`) : '';
  const place = route.address ?? route.provider.domain;
  return `${outcome}  ${answer.id}  ${place}  ${route.assurance}, ${levels[route.encryption.level]}${more}`;
}
