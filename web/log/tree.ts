// A picture of the log's tree: the newest epochs one by one, older ones as one triangle for each complete subtree. Each node can be
// chosen, with the keyboard too, to read its hash.
import type { ShownNode } from '../../src/index.ts';
import { h, svg } from '../dom.ts';
import type { Texts } from '../text/texts.ts';

const [COLUMN, ROW, TOP, RADIUS] = [46, 52, 26, 11];

interface Placed {
  readonly node: ShownNode;
  readonly x: number;
  readonly y: number;
  readonly from?: { readonly x: number; readonly y: number };
}

const edges = (node: ShownNode): ShownNode[] => (node.children === undefined ? [node] : node.children.flatMap(edges));
const heightOf = (node: ShownNode): number =>
  node.children === undefined ? 0 : 1 + Math.max(...node.children.map(heightOf));

/** Leaves and triangles side by side at the bottom, everything else above the middle of its children. */
function place(tree: ShownNode): Placed[] {
  const columns = new Map(edges(tree).map((edge, at) => [edge, COLUMN / 2 + at * COLUMN]));
  const bottom = heightOf(tree);
  const placed: Placed[] = [];
  const put = (node: ShownNode): { x: number; y: number } => {
    const own = placed.length;
    const below = node.children?.map((child) => ({ child, at: put(child) })) ?? [];
    const x = columns.get(node) ?? below.reduce((sum, { at }) => sum + at.x, 0) / below.length;
    const y = TOP + (bottom - heightOf(node)) * ROW;
    for (const { child, at } of below) {
      const index = placed.findIndex((one) => one.node === child);
      placed[index] = { node: child, ...at, from: { x, y } };
    }
    placed.splice(own, 0, { node, x, y });
    return { x, y };
  };
  put(tree);
  return placed;
}

/** The picture, with the chosen node's hash below it. */
export function drawTree(texts: Texts, tree: ShownNode): HTMLElement {
  const t = texts.log;
  const placed = place(tree);
  const shown = edges(tree);
  const width = shown.length * COLUMN;
  const height = TOP + heightOf(tree) * ROW + 44;
  const hash = h('p', { class: 'hash', 'aria-live': 'polite' });
  const nodes = placed.map(({ node, x, y }) => {
    const [first, last] = [node.start, node.end - 1];
    const label = t.node(first, last);
    const isOld = node.children === undefined && first !== last;
    const choose = () => {
      for (const other of nodes) other.setAttribute('aria-pressed', String(other === element));
      hash.replaceChildren(h('strong', {}, label), ' ', h('code', {}, node.hash));
    };
    const element: SVGGElement = svg(
      'g',
      {
        class: `node ${isOld ? 'old' : node.children === undefined ? 'leaf' : 'inner'}`,
        role: 'button',
        tabindex: node === tree ? 0 : -1,
        'aria-label': label,
        'aria-pressed': 'false',
        onclick: choose,
        onkeydown: (event) => onKey(event, choose),
        transform: `translate(${x} ${y})`,
      },
      isOld ? svg('path', { d: 'M0 -12 L15 14 L-15 14 Z' }) : svg('circle', { r: RADIUS }),
      node.children === undefined
        ? svg(
            'text',
            { y: isOld ? 30 : 28, 'text-anchor': 'middle', 'aria-hidden': 'true' },
            isOld ? `${first}–${last}` : String(first),
          )
        : undefined,
    );
    return element;
  });

  /** Arrows go from node to node, as in a toolbar; the tab key goes past the picture. */
  function onKey(event: Event, choose: () => void): void {
    if (!(event instanceof KeyboardEvent)) return;
    const at = nodes.findIndex((node) => node === event.currentTarget);
    const by: Partial<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const step = by[event.key];
    if (event.key === 'Enter' || event.key === ' ') choose();
    else if (step === undefined) return;
    else {
      const next = nodes[Math.min(nodes.length - 1, Math.max(0, at + step))];
      for (const node of nodes) node.setAttribute('tabindex', node === next ? '0' : '-1');
      next?.focus();
    }
    event.preventDefault();
  }

  const picture = svg(
    'svg',
    {
      class: 'picture',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'group',
      'aria-label': t.treeText(tree.end, shown.filter(({ start, end }) => end - start === 1).length),
    },
    placed.map(({ x, y, from }) =>
      from === undefined
        ? undefined
        : svg('path', {
            class: 'edge',
            d: `M${from.x} ${from.y} C${from.x} ${from.y + ROW / 2} ${x} ${y - ROW / 2} ${x} ${y}`,
          }),
    ),
    nodes,
  );
  const root = nodes[0];
  hash.replaceChildren(h('strong', {}, t.root), ' ', h('code', {}, tree.hash));
  root?.setAttribute('aria-pressed', 'true');
  return h('div', {}, h('div', { class: 'scroll tree-box' }, picture), hash);
}
