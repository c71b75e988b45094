// "Conversation": networks are picked, the tree of bridges between them is computed here from what they say about themselves, and a
// bridge can be taken away to see what becomes of it. In a picture, and in words that say the same.
import type { Description, Messages, Plan } from '../../src/index.ts';
import { button, field, fill, h, newId, tick } from '../dom.ts';
import type { Part, Place } from '../place.ts';
import { showProblem } from '../problem.ts';
import type { Session } from '../sdk.ts';
import { inTree, isNative, plan, type Bridge, type Planned } from './planned.ts';
import { forwardTable, pairTable } from './tables.ts';
import { drawTree, legendLine } from './tree.ts';

/** Picked at first. */
const FIRST = 3;
const OPENNESS = [0, 1, 10, 100] as const;

export function open(place: Place): Part {
  const { texts, settings, sessions, say, language } = place;
  const t = texts.conversation;
  const known = new Map<string, Description>();
  const picked = new Set<string>();
  const down = new Set<string>();
  const list = h('div', { class: 'picks' });
  const trouble = h('div', {});
  const shown = h('div', { class: 'conversation' }, h('p', { class: 'quiet loading' }, texts.loading));
  const domain = h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
  let session: Session | undefined;
  let last: Plan | undefined;

  const nameOf = (id: string): string => known.get(id)?.name ?? id;
  const namesOf = (ids: readonly string[]): string => ids.map(nameOf).join(', ');
  /** A bridge in words; the link of a network that speaks a language itself is none. */
  const titleOf = ({ id, attachments: [network = '', spoken = ''] }: Bridge): string =>
    isNative({ id }) ? t.speaks(nameOf(network), spoken) : id;

  function offer(description: Description, isPicked: boolean): void {
    known.set(description.domain, description);
    if (isPicked) picked.add(description.domain);
    const row = tick(nameOf(description.domain), description.domain, isPicked);
    row.control.addEventListener('change', () => {
      if (row.control.checked) picked.add(description.domain);
      else picked.delete(description.domain);
      // Another conversation: its plan grows out of no other.
      last = undefined;
      down.clear();
      const now = show();
      if (now !== undefined) say(summary(now));
    });
    list.append(row.element);
  }

  async function start(): Promise<void> {
    try {
      session = await sessions.open();
      const { client } = session;
      const domains = new Set([...settings.askers.map(({ policy }) => policy.domain), ...settings.providers]);
      const found = await Promise.allSettled([...domains].map((one) => client.describe(one)));
      for (const one of found)
        if (one.status === 'fulfilled' && one.value.provider !== undefined) offer(one.value, picked.size < FIRST);
      show();
    } catch (error) {
      fill(shown, showProblem(texts, error));
    }
  }

  async function add(): Promise<void> {
    fill(trouble);
    const wanted = domain.value.trim().toLowerCase();
    try {
      session ??= await sessions.open();
      await session.client.addNetwork(wanted);
      if (!known.has(wanted)) offer(await session.client.describe(wanted), true);
      domain.value = '';
      last = undefined;
      const now = show();
      if (now !== undefined) say(summary(now));
    } catch (error) {
      fill(trouble, showProblem(texts, error));
      domain.focus();
    }
  }

  const apart = ({ plan: { parts } }: Planned): string => t.apart(parts.map((part) => namesOf(part)).join(' | '));
  const summary = (now: Planned): string => (now.plan.parts.length > 1 ? apart(now) : t.whole);

  function turn(bridge: string, isOffline: boolean): void {
    if (isOffline) down.add(bridge);
    else down.delete(bridge);
    const before = new Set(last?.edges.map(([id]) => id));
    const now = show();
    if (now === undefined) return;
    const fresh = now.bridges.filter(({ id }) => !before.has(id) && inTree(now, id).length > 0);
    const change = isOffline ? t.wentOff(bridge) : t.cameBack(bridge);
    const came = fresh.length > 0 ? t.healed(fresh.map(titleOf).join(', ')) : t.unchanged;
    const told = now.plan.parts.length > 1 ? `${change} ${apart(now)}` : `${change} ${came}`;
    fill(changes, told);
    say(told);
    document.getElementById(`bridge-${bridge}`)?.focus({ preventScroll: true });
  }
  const changes = h('p', { class: 'change' });

  /** The plan for what is picked now, and everything that is said of it. */
  function show(): Planned | undefined {
    const descriptions = [...picked].flatMap((one) => known.get(one) ?? []);
    fill(trouble);
    if (session === undefined || descriptions.length < 2) {
      fill(shown, h('p', { class: 'note' }, t.pickMore));
      return undefined;
    }
    try {
      const { sdk } = session;
      if (last === undefined) fill(changes, t.hint);
      const now = plan(sdk, descriptions, [...down], last);
      last = now.plan;
      fill(shown, draw(now, sdk.messagesIn(language), session));
      return now;
    } catch (error) {
      fill(shown, showProblem(texts, error));
      return undefined;
    }
  }

  function draw(now: Planned, said: Messages, { sdk }: Session): HTMLElement[] {
    const { encryption, parts } = now.plan;
    const tables = newId();
    const picture = drawTree(
      {
        places: now.places.map((id) => ({ id, name: nameOf(id), isLanguage: !now.plan.terminals.includes(id) })),
        bridges: now.bridges.map((bridge) => ({
          ...bridge,
          lines: linesOf(bridge),
          used: inTree(now, bridge.id),
          isOffline: down.has(bridge.id),
          isFixed: isNative(bridge),
        })),
      },
      { offline: t.states.offline, label: t.picture(namesOf(now.plan.terminals)), describedBy: tables },
      turn,
    );
    const readers = encryption.readers.length === 0 ? said.page.noReaders : namesOf(encryption.readers);
    return [
      section(
        'tree',
        t.tree,
        h(
          'div',
          { class: 'outcome' },
          parts.length > 1
            ? undefined
            : h('span', { class: `chip level ${encryption.verdict}` }, said.levels[encryption.level]),
          h('p', { class: 'readers' }, `${said.page.readers}: ${readers}`),
        ),
        parts.length > 1 ? h('p', { class: 'note bad parts' }, apart(now)) : h('p', { class: 'note good' }, t.whole),
        changes,
        h('div', { class: 'sides' }, picture, bridgeList(now, said)),
        h('p', { class: 'hint' }, t.computed(now.plan.epoch)),
      ),
      h(
        'section',
        { class: 'card forwards', id: tables, 'aria-labelledby': `${tables}-title` },
        h('h2', { id: `${tables}-title` }, t.forwards),
        forwardTable({ texts: t, said, now, nameOf, titleOf, levelOf: sdk.levelOf }),
        h('h3', {}, t.pairs),
        pairTable({ texts: t, said, now, nameOf, titleOf, sdk }),
      ),
    ];
  }

  const linesOf = ({ id, attachments: [network = '', spoken = ''] }: Bridge): readonly [string, string] => {
    if (isNative({ id })) return [nameOf(network), spoken];
    const [owner = id, ...path] = id.split('/');
    return [owner, path.join('/')];
  };

  /** What the picture is dragged for, without a picture. */
  function bridgeList(now: Planned, said: Messages): HTMLElement {
    const rows = now.bridges.map((bridge) => {
      const { id, openness } = bridge;
      const state = down.has(id) ? 'offline' : inTree(now, id).length > 0 ? 'used' : 'spare';
      const chip = h('span', { class: `chip ${state}` }, t.states[state]);
      const level = h('span', { class: 'hint' }, said.levels[session?.sdk.levelOf(openness) ?? 'not-end-to-end']);
      if (isNative(bridge)) return h('li', { 'data-id': id }, h('span', {}, titleOf(bridge)), chip, level);
      const control = h('input', { type: 'checkbox', id: `bridge-${id}`, checked: !down.has(id) });
      control.addEventListener('change', () => turn(id, !control.checked));
      return h('li', { 'data-id': id }, control, h('label', { for: control.id }, id), chip, level);
    });
    return h(
      'fieldset',
      { class: 'bridges' },
      h('legend', {}, t.bridges),
      h('p', { class: 'hint' }, now.bridges.length === 0 ? t.noBridges : t.bridgesHint),
      h('ul', {}, rows),
      h(
        'ul',
        { class: 'legend', 'aria-hidden': 'true' },
        OPENNESS.filter((openness) => now.bridges.some((bridge) => bridge.openness === openness)).map((openness) =>
          h('li', {}, legendLine(openness), said.levels[session?.sdk.levelOf(openness) ?? 'not-end-to-end']),
        ),
      ),
    );
  }

  void start();
  return {
    element: h(
      'div',
      {},
      h(
        'div',
        { class: 'card' },
        h('fieldset', { class: 'plain' }, h('legend', {}, t.networks), list),
        h(
          'form',
          {
            class: 'row',
            novalidate: true,
            onsubmit: (event) => {
              event.preventDefault();
              void add();
            },
          },
          field(texts.where.addNetwork, domain, texts.where.addNetworkHint).element,
          button(texts.add, () => void add()),
        ),
        trouble,
      ),
      shown,
    ),
  };
}

const section = (name: string, title: string, ...children: (HTMLElement | undefined)[]): HTMLElement =>
  h(
    'section',
    { class: `card ${name}`, 'aria-labelledby': `conversation-${name}` },
    h('h2', { id: `conversation-${name}` }, title),
    children,
  );
