// "The log": the newest checkpoint and who cosigned it, the epochs, the tree over them. All of it was read and verified by the SDK
// in this browser before any of it is shown, and compared with what was seen here before.
import type { LogView, SavedEvidence } from '../../src/index.ts';
import { facts, field, fill, h, select, table } from '../dom.ts';
import type { Part, Place } from '../place.ts';
import { showProblem } from '../problem.ts';
import { drawTree } from './tree.ts';

export function open(place: Place): Part {
  const { texts, settings, sessions, locale, say } = place;
  const t = texts.log;
  const directory = select(settings.directories.map((domain) => [domain, domain]));
  const shown = h('div', { class: 'log' }, h('p', { class: 'quiet loading' }, texts.loading));
  const refresh = h('button', { type: 'button', class: 'main', onclick: () => void look() }, t.refresh);
  directory.addEventListener('change', () => void look());
  let turn = 0;

  async function look(): Promise<void> {
    const mine = (turn += 1);
    try {
      const { client } = await sessions.open();
      const view = await client.log(directory.value, { epochs: 8 });
      const evidence = await client.evidence();
      if (mine !== turn) return;
      fill(shown, show(view, evidence));
      say(consistency(view));
    } catch (error) {
      if (mine === turn) fill(shown, showProblem(texts, error));
    }
  }

  const consistency = ({ seen, size }: LogView): string =>
    seen === undefined ? t.firstTime : seen === size ? t.same(size) : t.grown(seen, size);

  function show(view: LogView, evidence: readonly SavedEvidence[]): HTMLElement[] {
    const times = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' });
    return [
      section(
        'checkpoint',
        t.checkpoint,
        facts([
          [t.origin, h('code', {}, view.origin)],
          [t.size, String(view.size)],
          [t.root, h('code', { class: 'long' }, view.root)],
          [
            t.witnesses,
            view.witnesses.length === 0
              ? t.noWitnesses
              : view.witnesses.map((name) => h('span', { class: 'chip witness' }, name)),
          ],
          [t.consistency, h('span', { class: 'grown' }, consistency(view))],
        ]),
      ),
      section('tree', t.tree, h('p', { class: 'hint' }, t.treeHint), drawTree(texts, view.tree)),
      section(
        'epochs',
        t.epochs,
        table(
          t.epochs,
          [t.columns.epoch, t.columns.time, t.columns.changes, t.columns.depth, t.columns.map],
          view.epochs.map(({ epoch, time, changes, depth, map }) => [
            String(epoch),
            times.format(new Date(time)),
            String(changes),
            String(depth),
            h('code', {}, map.slice(0, 16)),
          ]),
        ),
      ),
      section(
        'evidence',
        t.evidence,
        evidence.length === 0
          ? h('p', { class: 'quiet' }, t.noEvidence)
          : h(
              'ul',
              {},
              evidence.map(({ origin, code, savedAt }) =>
                h('li', { class: 'bad' }, `${origin}: ${code}, ${times.format(new Date(savedAt * 1_000))}`),
              ),
            ),
      ),
    ];
  }

  void look();
  return {
    element: h('div', {}, h('div', { class: 'card row' }, field(texts.directory, directory).element, refresh), shown),
  };
}

const section = (name: string, title: string, ...children: HTMLElement[]): HTMLElement =>
  h(
    'section',
    { class: `card ${name}`, 'aria-labelledby': `log-${name}` },
    h('h2', { id: `log-${name}` }, title),
    children,
  );
