// How cost grows, drawn from what was measured: a panel a benchmark, both axes logarithmic, as SVG without a library.
import type { Line } from './measure.ts';

interface Series {
  readonly name: string;
  readonly points: readonly { readonly at: number; readonly perSecond: number }[];
}

export interface Panel {
  readonly title: string;
  readonly across: string;
  readonly up: string;
  readonly lines: readonly Line[];
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [720, 300, 70, 190, 40, 45];
const COLOURS = ['#0b6e99', '#c0504d', '#5b8c2a', '#8064a2'];

/** One picture with all panels, one below the other. */
export function drawPanels(panels: readonly Panel[]): string {
  const drawn = panels.map((panel, i) => `<g transform="translate(0 ${i * HEIGHT})">${drawPanel(panel)}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT * panels.length}" viewBox="0 0 ${WIDTH} ${HEIGHT * panels.length}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, across, up, lines }: Panel): string {
  const series: Series[] = [...Map.groupBy(lines, ({ name }) => name)].map(([name, own]) => ({
    name,
    points: own
      .flatMap(({ at, perSecond }) => (at === undefined ? [] : [{ at, perSecond }]))
      .toSorted((a, b) => a.at - b.at),
  }));
  const all = series.flatMap(({ points }) => points);
  const [x, y] = [scale(all.map(({ at }) => at)), scale(all.map(({ perSecond }) => perSecond))];
  const placeX = (value: number) => LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
  const placeY = (value: number) => HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM);
  const grid = [
    ...x.ticks.map(
      (tick) =>
        `<line x1="${placeX(tick)}" x2="${placeX(tick)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#ddd"/>` +
        `<text x="${placeX(tick)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${short(tick)}</text>`,
    ),
    ...y.ticks.map(
      (tick) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${placeY(tick)}" y2="${placeY(tick)}" stroke="#ddd"/>` +
        `<text x="${LEFT - 6}" y="${placeY(tick) + 4}" text-anchor="end">${short(tick)}</text>`,
    ),
  ];
  const drawn = series.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length] ?? '#000';
    const path = points.map(({ at, perSecond }) => `${placeX(at).toFixed(1)},${placeY(perSecond).toFixed(1)}`);
    const dots = points.map(
      ({ at, perSecond }) => `<circle cx="${placeX(at)}" cy="${placeY(perSecond)}" r="3" fill="${colour}"/>`,
    );
    const label = `<text x="${WIDTH - RIGHT + 10}" y="${TOP + 14 + 18 * i}" fill="${colour}">${escape(name)}</text>`;
    return `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${label}`;
  });
  return `<text x="${LEFT}" y="22" font-size="14" font-weight="bold">${escape(title)}</text>
${grid.join('\n')}
${drawn.join('\n')}
<text x="${LEFT}" y="${HEIGHT - 8}">${escape(across)}</text><text x="8" y="${TOP - 6}">${escape(up)}</text>`;
}

/** Places between 0 and 1, and round numbers to mark. */
function scale(values: readonly number[]): { place: (value: number) => number; ticks: number[] } {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    place: (value) => (Math.log10(value) - low) / (high - low),
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
  };
}

const short = (value: number): string =>
  value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : String(value);
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
