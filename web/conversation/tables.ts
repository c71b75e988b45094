// The tree in words: who forwards what between whom, and how private what people of two networks write to each other is.
import type { Messages } from '../../src/index.ts';
import { h, table } from '../dom.ts';
import type { Sdk } from '../sdk.ts';
import type { Texts } from '../text/texts.ts';
import { inTree, type Bridge, type Planned } from './planned.ts';

interface Told {
  readonly texts: Texts['conversation'];
  readonly said: Messages;
  readonly now: Planned;
  readonly nameOf: (id: string) => string;
  readonly titleOf: (bridge: Bridge) => string;
}

export function forwardTable({
  texts,
  said,
  now,
  nameOf,
  titleOf,
  levelOf,
}: Told & { readonly levelOf: Sdk['levelOf'] }): HTMLElement {
  const rows = now.bridges.flatMap((bridge) => {
    const between = inTree(now, bridge.id);
    if (between.length === 0) return [];
    const readers = bridge.readers.length === 0 ? said.page.noReaders : bridge.readers.map(nameOf).join(', ');
    return [[titleOf(bridge), between.map(nameOf).join(', '), said.levels[levelOf(bridge.openness)], readers]];
  });
  const { bridge, between } = texts.columns;
  return rows.length === 0
    ? h('p', { class: 'quiet' }, texts.nobody)
    : table(texts.forwards, [bridge, between, said.page.encryption, said.page.readers], rows);
}

export function pairTable({ texts, said, now, nameOf, titleOf, sdk }: Told & { readonly sdk: Sdk }): HTMLElement {
  const { plan, previous, inputs, bridges } = now;
  // As a bridge does: the plan is computed again before anything is believed of it.
  const talk = sdk.createConversation({
    plan,
    inputs,
    bridge: '',
    memory: 'none',
    ...(previous === undefined ? {} : { previous }),
  });
  const paths = sdk.readPaths(plan.edges);
  const rows = plan.terminals.flatMap((from, at) =>
    plan.terminals.slice(at + 1).map((to) => {
      const { verdict, level, readers } = talk.privacy([from, to]);
      const pair = `${nameOf(from)} – ${nameOf(to)}`;
      if (verdict === 'unreachable') return [pair, h('span', { class: 'chip failed' }, texts.noWay), '', ''];
      const way = paths.way(from, to)?.bridges.map((id) => bridges.find((bridge) => bridge.id === id)) ?? [];
      return [
        pair,
        way.flatMap((bridge) => (bridge === undefined ? [] : [titleOf(bridge)])).join(' → '),
        said.levels[level],
        readers.length === 0 ? said.page.noReaders : readers.map(nameOf).join(', '),
      ];
    }),
  );
  return table(texts.pairs, [texts.columns.pair, texts.columns.over, said.page.encryption, said.page.readers], rows);
}
