// The tree as a picture: networks on the left, bridges on the right, a place for those that are offline below them. A bridge is dragged
// there and back, or chosen by a single press; whoever does neither has the list of bridges, which does the same.
import { h, svg } from '../dom.ts';
import type { Bridge } from './planned.ts';

const [WIDTH, LEFT, RIGHT, ROW, BOX] = [340, 112, 180, 54, 40];
/** Units that a press may move without being a drag. */
const STILL = 6;

export interface TreeTexts {
  readonly offline: string;
  readonly label: string;
  readonly describedBy: string;
}

export interface Drawn {
  readonly places: readonly { readonly id: string; readonly name: string; readonly isLanguage: boolean }[];
  readonly bridges: readonly (Bridge & {
    readonly lines: readonly [string, string];
    /** Networks it forwards between; empty where it is not in the tree. */
    readonly used: readonly string[];
    readonly isOffline: boolean;
    readonly isFixed: boolean;
  })[];
}

export function drawTree(
  { places, bridges }: Drawn,
  texts: TreeTexts,
  onSwitch: (bridge: string, isOffline: boolean) => void,
): HTMLElement {
  const up = bridges.filter(({ isOffline }) => !isOffline);
  const away = bridges.filter(({ isOffline }) => isOffline);
  // As high with a bridge offline as without: nothing below the picture moves.
  const rows = Math.max(places.length, bridges.length + 1.5);
  const height = rows * ROW + 16;
  const zone = (rows - away.length - 1) * ROW - 2;
  const middle = (at: number): number => (at + 0.5) * ROW + 8;
  /** What there is fewer of is spread over the same height. */
  const placeAt = (at: number): number => (height * (at + 0.5)) / places.length;
  const rowOf = new Map([
    ...up.map(({ id }, at): [string, number] => [id, middle(at)]),
    ...away.map(({ id }, at): [string, number] => [id, zone + ROW * (at + 0.5) + 24]),
  ]);

  const edges = up.flatMap(({ id, attachments, openness, used }) =>
    attachments.map((network) => {
      const [from, to] = [placeAt(places.findIndex((place) => place.id === network)), rowOf.get(id) ?? 0];
      const bend = (LEFT + RIGHT) / 2;
      return svg('path', {
        class: `edge ${used.includes(network) ? `open${openness}` : 'spare'}`,
        d: `M${LEFT} ${from}C${bend} ${from} ${bend} ${to} ${RIGHT} ${to}`,
      });
    }),
  );
  const networks = places.map(({ id, name, isLanguage }, at) =>
    svg(
      'g',
      { class: isLanguage ? 'place language' : 'place', transform: `translate(0 ${placeAt(at)})` },
      svg('title', {}, id),
      svg('rect', { x: 1, y: -BOX / 2, width: LEFT - 1, height: BOX, rx: 9 }),
      line(name, LEFT / 2, 4, LEFT - 10),
    ),
  );
  const ends = bridges.map((bridge) => {
    const { id, lines, openness, used, isOffline, isFixed } = bridge;
    const look = isOffline ? 'offline' : used.length > 0 ? `open${openness}` : 'spare';
    const element = svg(
      'g',
      {
        class: `bridge ${look} ${isFixed ? 'fixed' : ''}`,
        'data-bridge': id,
        transform: `translate(${RIGHT} ${rowOf.get(id) ?? 0})`,
      },
      svg('title', {}, id),
      svg('rect', { x: 0, y: -BOX / 2, width: WIDTH - RIGHT - 1, height: BOX, rx: 9 }),
      line(lines[0], (WIDTH - RIGHT) / 2, -3, WIDTH - RIGHT - 12),
      line(lines[1], (WIDTH - RIGHT) / 2, 13, WIDTH - RIGHT - 12, 'second'),
    );
    if (!isFixed) element.addEventListener('pointerdown', (event) => drag(event, element, bridge));
    return element;
  });

  const picture = svg(
    'svg',
    {
      class: 'plan',
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: 'img',
      'aria-label': texts.label,
      'aria-describedby': texts.describedBy,
    },
    svg(
      'g',
      { class: 'zone' },
      svg('rect', { x: RIGHT - 8, y: zone, width: WIDTH - RIGHT + 7, height: height - zone - 1, rx: 11 }),
      svg('text', { x: (RIGHT + WIDTH) / 2, y: zone + 17, 'text-anchor': 'middle' }, texts.offline),
    ),
    edges,
    networks,
    ends,
  );

  function drag(start: PointerEvent, element: SVGGElement, { id, isOffline }: Drawn['bridges'][number]): void {
    const scale = WIDTH / picture.getBoundingClientRect().width;
    const home = rowOf.get(id) ?? 0;
    start.preventDefault();
    element.setPointerCapture(start.pointerId);
    const moved = ({ clientX, clientY }: PointerEvent) =>
      [(clientX - start.clientX) * scale, (clientY - start.clientY) * scale] as const;
    const isOver = ({ clientX, clientY }: PointerEvent): boolean => {
      const { left, right, top } = picture.getBoundingClientRect();
      return clientX >= left && clientX <= right && (clientY - top) * scale >= zone;
    };
    const onMove = (event: PointerEvent) => {
      const [x, y] = moved(event);
      element.classList.add('dragged');
      element.setAttribute('transform', `translate(${RIGHT + x} ${home + y})`);
      picture.classList.toggle('over', isOver(event));
    };
    const onEnd = (event: PointerEvent) => {
      element.removeEventListener('pointermove', onMove);
      element.classList.remove('dragged');
      picture.classList.remove('over');
      element.setAttribute('transform', `translate(${RIGHT} ${home})`);
      if (event.type === 'pointercancel') return;
      const [x, y] = moved(event);
      if (Math.hypot(x, y) < STILL || isOver(event) !== isOffline) onSwitch(id, !isOffline);
    };
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerup', onEnd, { once: true });
    element.addEventListener('pointercancel', onEnd, { once: true });
  }
  return h('div', { class: 'plan-box' }, picture);
}

/** A line of text that fits: squeezed where it is longer than its box. */
function line(text: string, x: number, y: number, width: number, look = ''): SVGTextElement {
  const isLong = text.length * 7 > width;
  return svg(
    'text',
    {
      class: look,
      x,
      y,
      'text-anchor': 'middle',
      ...(isLong ? { textLength: width, lengthAdjust: 'spacingAndGlyphs' } : {}),
    },
    text,
  );
}

/** A piece of line as the picture draws it, beside what it means. */
export const legendLine = (openness: number): SVGElement =>
  svg(
    'svg',
    { class: 'plan sample', viewBox: '0 0 40 10', width: 40, height: 10, 'aria-hidden': 'true' },
    svg('path', { class: `edge open${openness}`, d: 'M1 5H39' }),
  );
