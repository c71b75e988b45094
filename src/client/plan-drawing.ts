// A conversation's plan as a picture: SVG, Mermaid, DOT. The same plan gives the same octets. Colour says how much a bridge opens, and words say
// it too, for who does not see it.
import type { Inputs } from '../protocol/conversation/inputs.ts';
import type { Plan } from '../protocol/conversation/plan.ts';

export type Drawing = 'svg' | 'mermaid' | 'dot';

const LOOKS: Readonly<Record<0 | 1 | 10 | 100, { readonly colour: string; readonly word: string }>> = {
  0: { colour: '#1a7f37', word: 'opens nothing' },
  1: { colour: '#0969da', word: 're-encrypts on a participant’s device' },
  10: { colour: '#9a6700', word: 're-encrypts' },
  100: { colour: '#cf222e', word: 'does not encrypt' },
};

export function drawPlan(drawing: Drawing, plan: Plan, inputs: Inputs): string {
  return { svg: drawSvg, mermaid: drawMermaid, dot: drawDot }[drawing](readTree(plan, inputs));
}

interface Tree {
  readonly networks: readonly { readonly name: string; readonly isTerminal: boolean }[];
  readonly bridges: readonly { readonly id: string; readonly colour: string; readonly word: string }[];
  /** Places of a bridge and a network. */
  readonly edges: readonly (readonly [number, number])[];
  readonly title: string;
  readonly description: string;
}

function readTree({ edges, terminals, parts, encryption }: Plan, inputs: Inputs): Tree {
  const names = [...new Set([...terminals, ...edges.map(([, network]) => network)])];
  const ids = [...new Set(edges.map(([bridge]) => bridge))];
  const opens = new Map(inputs.bridges.map(({ id, openness }) => [id, openness]));
  const bridges = ids.map((id) => ({ id, ...LOOKS[opens.get(id) ?? 100] }));
  const readers = encryption.readers.length === 0 ? 'nobody' : encryption.readers.join(', ');
  const told = bridges.map(({ id, word }) => {
    const served = edges.filter(([bridge]) => bridge === id).map(([, network]) => network);
    return `${id} ${word}, between ${served.join(', ')}.`;
  });
  const apart = parts.length > 1 ? `In ${parts.length} parts that do not reach one another. ` : '';
  return {
    networks: names.map((name) => ({ name, isTerminal: terminals.includes(name) })),
    bridges,
    edges: edges.map(([bridge, network]) => [ids.indexOf(bridge), names.indexOf(network)]),
    title: `A conversation of ${terminals.join(', ')}`,
    description: `${apart}Could read: ${readers}. ${told.join(' ')}`.trim(),
  };
}

const WIDTH = 720;
const ROW = 48;

function drawSvg({ networks, bridges, edges, title, description }: Tree): string {
  const height = ROW * (Math.max(networks.length, bridges.length) + 1);
  const y = (at: number): number => ROW * (at + 1) - ROW / 4;
  const lines = edges.map(([bridge, network]) => {
    const colour = bridges[bridge]?.colour ?? '';
    return `<path d="M250 ${y(network)}L450 ${y(bridge)}" stroke="${colour}" stroke-width="3"/>`;
  });
  const box = (x: number, at: number, width: number, text: string, look: string): string =>
    `<rect x="${x}" y="${y(at) - 16}" width="${width}" height="32" rx="6" ${look}/>` +
    `<text x="${x + width / 2}" y="${y(at) + 5}" text-anchor="middle"${text.length > 28 ? ` textLength="${width - 12}" lengthAdjust="spacingAndGlyphs"` : ''}>${escape(text)}</text>`;
  const left = networks.map(({ name, isTerminal }, at) =>
    box(10, at, 240, name, `fill="#fff" stroke="#24292f"${isTerminal ? '' : ' stroke-dasharray="4 3"'}`),
  );
  const right = bridges.map(
    ({ id, colour, word }, at) =>
      `<g><title>${escape(`${id} ${word}`)}</title>${box(450, at, 260, id, `fill="#fff" stroke="${colour}" stroke-width="2"`)}</g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="14">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="desc">${escape(description)}</desc>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...lines,
    ...left,
    ...right,
    '</svg>',
  ].join('\n');
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (one) => ESCAPES[one] ?? '');

const drawMermaid = ({ networks, bridges, edges, title, description }: Tree): string =>
  [
    'graph LR',
    `  accTitle: ${plain(title)}`,
    `  accDescr: ${plain(description)}`,
    ...networks.map(({ name }, at) => `  n${at}["${plain(name)}"]`),
    ...bridges.map(({ id, word }, at) => `  b${at}(["${plain(id)}<br/>${word}"])`),
    ...edges.map(([bridge, network]) => `  n${network} --- b${bridge}`),
    ...bridges.map(({ colour }, at) => `  style b${at} stroke:${colour},stroke-width:2px`),
  ].join('\n');

/** What Mermaid would read as its own goes out as an entity of its. */
const plain = (text: string): string =>
  text.replaceAll(/[^\p{L}\p{N} .,:/’_-]/gu, (one) => `#${one.codePointAt(0) ?? 0};`);

const drawDot = ({ networks, bridges, edges, title }: Tree): string =>
  [
    'graph conversation {',
    `  label=${JSON.stringify(title)};`,
    ...networks.map(
      ({ name, isTerminal }, at) =>
        `  n${at} [label=${JSON.stringify(name)}, shape=box${isTerminal ? '' : ', style=dashed'}];`,
    ),
    ...bridges.map(
      ({ id, colour, word }, at) =>
        `  b${at} [label=${JSON.stringify(id)}, color="${colour}", tooltip=${JSON.stringify(word)}];`,
    ),
    ...edges.map(([bridge, network]) => `  n${network} -- b${bridge} [color="${bridges[bridge]?.colour ?? ''}"];`),
    '}',
  ].join('\n');
