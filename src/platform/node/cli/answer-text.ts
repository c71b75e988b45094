// An answer (§7) as a person reads it. Pure: what to print, with `style` for a terminal; asking is where.ts.
import type { Answer, AnswerRoute } from '../../../protocol/answer.ts';
import { CODES } from '../../../protocol/errors.ts';
import type { Screen } from './screen.ts';

type Style = Screen['style'];

const COLOURS = { found: 'green', absent: 'yellow', 'opted-out': 'yellow', unknown: 'red' } as const;

const PLACEMENTS: Readonly<Record<string, string>> = {
  native: 'no bridge',
  client: 'bridge on the recipient’s own device',
  local: 'through the app on the recipient’s own device',
  p2p: 'peer to peer, on the recipient’s own device',
  server: 'bridge on a server',
};

const SOURCES: Readonly<Record<string, string>> = {
  native: 'spoken natively',
  override: 'chosen by the recipient',
  advertised: 'advertised by the provider',
  common: 'a language both sides speak',
};

const LEVELS: Readonly<Record<string, string>> = {
  'end-to-end': 'end-to-end',
  're-encrypted-on-recipients-device': 're-encrypted on the recipient’s own device',
  're-encrypted-by-bridge': 're-encrypted by the bridge',
  'not-end-to-end': 'not end-to-end',
};

const day = (time: string): string => time.slice(0, 10);

/** The whole answer, several lines. */
export function formatAnswer(answer: Answer, style: Style): string {
  const outcome = style(['bold', COLOURS[answer.outcome]], answer.outcome);
  const lines = [`${answer.id}  ${outcome}`, ''];
  for (const route of answer.routes) lines.push(...formatRoute(route, style), '');
  if (answer.outcome === 'opted-out') lines.push('  This person has asked not to be found here.', '');
  if (answer.outcome !== 'found' && answer.alternatives.length > 0) {
    lines.push(
      '  Networks to try instead:',
      ...answer.alternatives.map((other) => formatAlternative(other, style)),
      '',
    );
  }
  lines.push(...answer.directories.map((directory) => style('dim', `  ${formatDirectory(directory)}`)));
  return lines.join('\n');
}

function formatRoute(route: AnswerRoute, style: Style): string[] {
  const { provider, connect, encryption } = route;
  const field = (name: string, value: string | undefined): string[] =>
    value === undefined || value === '' ? [] : [`    ${style('dim', name.padEnd(12))}${value}`];
  return [
    `  ${formatNetwork(provider, style)}`,
    ...field('address', route.address),
    ...field('assurance', formatAssurance(route, style)),
    ...field('bridge', formatConnect(connect)),
    ...field('endpoint', connect?.endpoint),
    ...field(
      'out of date',
      provider.stale === true ? style('yellow', `${provider.domain} was not reached lately`) : undefined,
    ),
    ...field('encryption', LEVELS[encryption.level] ?? encryption.level),
    ...field('can read', encryption.readers.length === 0 ? 'sender and recipient' : encryption.readers.join(', ')),
    ...field('warning', encryption.warning === null ? undefined : style('yellow', encryption.warning)),
    ...field('features', route.features.join(', ')),
    ...field('automatic', route.auto ? 'yes, the recipient asks for it' : 'no, ask first'),
    ...field('contested', route.contested ? style('yellow', 'others claim this identifier too') : undefined),
    ...field('since', `${day(route.since)}, until ${day(route.expires)}`),
  ];
}

function formatAssurance(route: AnswerRoute, style: Style): string {
  const issuers = route.issuers.join(', ');
  const { domain } = route.provider;
  const words: Readonly<Record<AnswerRoute['assurance'], string>> = {
    confirmed: `${style('green', 'confirmed')} (identifier by ${issuers}, account by ${domain})`,
    domain: `${style('green', 'domain')} (by ${issuers}, the address’s own domain; account not confirmed)`,
    attested: `${style('green', 'attested')} (identifier by ${issuers}; account not confirmed)`,
    claimed: `${style('red', 'claimed')} (only ${issuers} says so, whom you do not trust with this)`,
  };
  return words[route.assurance];
}

function formatConnect(connect: AnswerRoute['connect']): string {
  if (connect === null) return 'none known';
  const { placement, protocol, source, operator } = connect;
  const by = operator === undefined ? '' : `, run by ${operator}`;
  return `${PLACEMENTS[placement] ?? placement}, protocol ${protocol}${by} (${SOURCES[source] ?? source})`;
}

function formatAlternative(other: Answer['alternatives'][number], style: Style): string {
  const level = other.connect === null ? 'no bridge' : (LEVELS[other.encryption.level] ?? other.encryption.level);
  return `    ${formatNetwork(other, style)}  ${style('dim', level)}`;
}

/** By the name its description gives it, which anybody may choose, so never without the domain. */
const formatNetwork = ({ domain, name }: { domain: string; name?: string }, style: Style): string =>
  name === undefined ? style('bold', domain) : `${style('bold', name)}  ${style('dim', domain)}`;

function formatDirectory(directory: Answer['directories'][number]): string {
  const { domain, outcome, code } = directory;
  return `${domain}: ${outcome}${code === undefined ? '' : `. ${CODES[code]} [${code}]`}${formatChecked(directory)}`;
}

/** What stands behind a directory's answer: nothing, where it could not be checked. */
function formatChecked({ epoch, witnesses = 0 }: Answer['directories'][number]): string {
  if (epoch === undefined) return '';
  return `, checked: epoch ${epoch}, ${witnesses} ${witnesses === 1 ? 'witness' : 'witnesses'}`;
}

/** One line: what a list of many is printed as. */
export function formatAnswerLine(answer: Answer, style: Style): string {
  const outcome = style(COLOURS[answer.outcome], answer.outcome.padEnd(9));
  const [route] = answer.routes;
  if (route === undefined) {
    const codes = answer.directories.flatMap(({ domain, code }) => (code === undefined ? [] : [`${domain}: ${code}`]));
    return `${outcome}  ${answer.id}${codes.length === 0 ? '' : style('dim', `  ${codes.join(', ')}`)}`;
  }
  const more = answer.routes.length > 1 ? style('dim', `  and ${answer.routes.length - 1} more`) : '';
  const place = route.address ?? route.provider.domain;
  return `${outcome}  ${answer.id}  ${place}  ${route.assurance}, ${LEVELS[route.encryption.level] ?? ''}${more}`;
}
