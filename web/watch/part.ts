// "Watch my name": the SDK's monitor over everything that was registered here. What it found before is kept, so that the history
// grows and a directory cannot take it back.
import type { MonitorReport, NameChange, Registration } from '../../src/index.ts';
import { fill, h, table, tick } from '../dom.ts';
import { isTexts, keptMonitor, read, write } from '../kept.ts';
import type { Part, Place } from '../place.ts';
import { problemText, showProblem } from '../problem.ts';
import { listKept, ownRecord, type Kept } from '../registrations.ts';

const AGAIN_MILLISECONDS = 15_000;

interface Watched {
  readonly kept: Kept;
  readonly registration: Registration;
}

export function open(place: Place): Part {
  const { texts, sessions, say } = place;
  const t = texts.watch;
  const reports = h('div', { class: 'reports-list' });
  const outcome = h('div', {});
  let timer: ReturnType<typeof setInterval> | undefined;
  let isBusy = false;

  if (listKept().length === 0)
    return {
      element: h(
        'div',
        { class: 'card' },
        h('p', {}, t.none),
        h('p', {}, h('a', { class: 'button', href: '#found' }, t.toRegister)),
      ),
    };

  const check = h('button', { type: 'button', class: 'main', onclick: () => void look() }, t.check);
  const again = tick(t.keepWatching, undefined);
  again.control.addEventListener('change', () => {
    clearInterval(timer);
    if (!again.control.checked) return;
    timer = setInterval(() => void look(), AGAIN_MILLISECONDS);
    void look();
  });

  async function look(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    check.textContent = t.checking;
    fill(outcome);
    try {
      const { sdk, client } = await sessions.open();
      const watched: Watched[] = [];
      for (const kept of listKept())
        watched.push({ kept, registration: await sdk.parseRegistration(kept.registration) });
      const cards: HTMLElement[] = [];
      for (const [directory, own] of Map.groupBy(watched, ({ registration }) => registration.directory)) {
        const names = Map.groupBy(own, ({ registration }) => registration.name);
        const asked = Array.from(names, ([name, records]) => ({
          name,
          own: records.map(({ kept, registration }) => ownRecord(registration, kept.withdrawn)),
        }));
        for await (const report of client.monitor(directory, asked, keptMonitor()))
          cards.push(card(report, names.get(report.name) ?? []));
      }
      fill(reports, cards);
      const worst = cards.find((one) => one.dataset['outcome'] !== 'clean');
      say(worst?.querySelector('h2')?.textContent ?? t.outcomes.clean);
    } catch (error) {
      fill(outcome, showProblem(texts, error));
    } finally {
      isBusy = false;
      check.textContent = t.check;
    }
  }

  function card(report: MonitorReport, own: readonly Watched[]): HTMLElement {
    const { outcome: came, sightings, epoch, code, directory } = report;
    const label = own[0]?.kept.label ?? '';
    const holders = new Set(own.map(({ registration }) => registration.holder));
    const isBad = came === 'alarm' || came === 'failed';
    const history = remember(report);
    const id = `report-${report.name.slice(0, 8)}`;
    return h(
      'section',
      { class: `card report ${came}`, 'data-outcome': came, 'aria-labelledby': id },
      h(
        'div',
        { class: 'top' },
        h('div', {}, h('h2', { id }, label), h('p', { class: 'mono quiet' }, directory)),
        h('span', { class: `chip ${came}` }, epoch === undefined ? '–' : t.checkedAt(epoch)),
      ),
      h(
        'p',
        { class: `note ${isBad ? 'bad' : came === 'clean' ? 'good' : 'warn'}`, ...(isBad ? { role: 'alert' } : {}) },
        t.outcomes[came],
        code === undefined ? '' : ` ${problemText(texts, code)}`,
      ),
      sightings.length === 0
        ? undefined
        : h(
            'ul',
            { class: 'sightings' },
            sightings.map(({ kind, from, to, holder }) =>
              h(
                'li',
                {},
                h('strong', {}, t.sightings[kind]),
                ' ',
                h(
                  'span',
                  { class: 'quiet' },
                  spanOf(texts.log.columns.epoch, from, to),
                  ' ',
                  h('code', {}, holder.slice(0, 12)),
                ),
              ),
            ),
          ),
      sightings.length === 0 ? undefined : h('p', {}, t.advice),
      h('h3', {}, t.history),
      history.length === 0
        ? h('p', { class: 'quiet' }, t.noHistory)
        : table(
            `${t.history}: ${label}`,
            [t.columns.epoch, t.columns.what, t.columns.who],
            history
              .toReversed()
              .map(({ epoch: at, kind, holder }) => [
                String(at),
                t.kinds[kind],
                h(
                  'span',
                  { class: holders.has(holder) ? '' : 'strange' },
                  holders.has(holder) ? t.mine : t.stranger,
                  ' ',
                  h('code', {}, holder.slice(0, 12)),
                ),
              ]),
          ),
    );
  }

  void look();
  return {
    element: h('div', {}, h('div', { class: 'card row' }, check, again.element), outcome, reports),
    close: () => clearInterval(timer),
  };
}

const spanOf = (epoch: string, from: number | undefined, to: number | undefined): string =>
  `${epoch} ${from ?? '…'}–${to ?? ''}`;

/** What was ever seen of a name, the newest last: the monitor itself tells each change once. */
function remember({ directory, name, changes = [] }: MonitorReport): readonly NameChange[] {
  const key = `${directory} ${name}`;
  const all = read('histories', isTexts) ?? {};
  const known = parseChanges(all[key]);
  const isKnown = (change: NameChange) =>
    known.some(({ epoch, kind, holder }) => epoch === change.epoch && kind === change.kind && holder === change.holder);
  const grown = [...known, ...changes.filter((change) => !isKnown(change))];
  if (grown.length > known.length) write('histories', { ...all, [key]: JSON.stringify(grown) });
  return grown;
}

function parseChanges(text: string | undefined): readonly NameChange[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isChange) : [];
  } catch {
    return [];
  }
}

const isChange = (value: unknown): value is NameChange =>
  typeof value === 'object' &&
  value !== null &&
  'epoch' in value &&
  typeof value.epoch === 'number' &&
  'kind' in value &&
  (value.kind === 'written' || value.kind === 'removed') &&
  'holder' in value &&
  typeof value.holder === 'string';
