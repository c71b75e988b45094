// `whereabouts where --explain`: each check of an answer in plain words. Pure; what was checked is protocol/checks.ts.
import type { DirectoryReport } from '../../../protocol/answer.ts';
import type { Check, CheckName } from '../../../protocol/checks.ts';
import { CODES } from '../../../protocol/errors.ts';
import type { Screen } from './screen.ts';

type Facts = NonNullable<Check['facts']>;

const plural = (count: number | string | undefined, one: string, many: string): string =>
  `${count ?? 0} ${count === 1 ? one : many}`;

const WORDS: Readonly<Record<CheckName, (facts: Facts) => string>> = {
  evaluation: () => 'The directory computed the blinded name with its published key, without learning what it is of.',
  bundle: () => 'The proof that came with the answer has the form it must have.',
  checkpoint: ({ origin, size }) =>
    origin === undefined
      ? 'The log’s key signed its newest state.'
      : `The key of ${origin} signed the log of ${plural(size, 'epoch', 'epochs')}.`,
  witnesses: ({ count, names }) => {
    if (count === undefined) return 'As many witnesses as the policy demands cosigned that state.';
    if (count === 0) return 'No witness cosigned that state, and the policy demands none.';
    return `${plural(count, 'witness', 'witnesses')} cosigned that state within 15 minutes: ${names ?? ''}.`;
  },
  inclusion: () => 'The epoch is in the log, and is its newest.',
  epoch: ({ epoch }) =>
    `It is ${epoch === undefined ? 'the epoch it says it is' : `epoch ${epoch}`} of this directory.`,
  time: () => 'It is neither older than 15 minutes nor ahead of the clock.',
  configuration: () => 'The keys asked with are those that stand in that epoch.',
  depth: ({ depth }) => `The depth is the one asked for${depth === undefined ? '' : `: ${depth}`}.`,
  map: ({ bucket }) => `The bucket${bucket === undefined ? '' : ` ${bucket}`} of the name is in the map of that epoch.`,
  bucket: ({ entries }) =>
    entries === undefined
      ? 'The bucket holds what the map says.'
      : `The bucket holds what the map says: ${plural(entries, 'entry', 'entries')}.`,
  name: ({ entries }) => {
    if (entries === undefined) return 'What stands under the name is known.';
    return entries === 0
      ? 'None of them is under the name: proven absent.'
      : `${plural(entries, 'entry is', 'entries are')} under the name.`;
  },
  growth: ({ seen }) =>
    seen === undefined
      ? 'The log only grew since it was seen last, if it was.'
      : `The log contains what was seen of it before: ${plural(seen, 'epoch', 'epochs')}.`,
  records: ({ records }) =>
    `The sealed records are those of the index; ${plural(records, 'record counts', 'records count')}.`,
};

const MARKS = { held: '✓', failed: '✗', 'not-reached': '·' } as const;

/** What stands behind one directory's answer, a line for each check. */
export function explainReport({ domain, checks = [], code }: DirectoryReport, style: Screen['style']): string {
  const lines = checks.map(({ name, outcome, facts, code: failure }) => {
    const mark = MARKS[outcome];
    if (outcome === 'held') return `    ${style('green', mark)} ${WORDS[name](facts ?? {})}`;
    if (outcome === 'not-reached') return style('dim', `    ${mark} ${name}: not reached`);
    return `    ${style('red', mark)} ${name}: ${failure === undefined ? 'failed' : `${CODES[failure]} [${failure}]`}`;
  });
  const why =
    checks.some(({ outcome }) => outcome === 'failed') || code === undefined ? [] : [`    ${CODES[code]} [${code}]`];
  return [`  How ${domain} was checked:`, ...why, ...lines].join('\n');
}
