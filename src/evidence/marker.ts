// The statement a person posts (§9.3): one word that names the link, standing by itself. Finds it in text and in what HTML
// shows of its author; a piece of a longer word and what the author quotes of others never count.
import { proofMarker } from '../protocol/chain/names.ts';

/** What prose and Markdown put around a word. `-` and `_` are not among it: the word may end with them. */
const OPENING = /^["'“‘«([{<*`>|]+/u;
const CLOSING = /["'”’»)\]}>*`|.,;:!?…]+$/u;

/** Whether `text` has the marker of `link` as a whole word. */
export function hasMarker(text: string, link: string): boolean {
  const word = proofMarker(link);
  return text.split(/\s+/u).some((part) => part.replace(OPENING, '').replace(CLOSING, '') === word);
}

/** Text without the lines that quote somebody, as mail, Matrix and Markdown mark them. */
export const withoutQuotes = (text: string): string =>
  text
    .split(/\r?\n/)
    .filter((line) => !/^\s*>/.test(line))
    .join('\n');

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Decoded once: what was written as `&amp;lt;` is the text `&lt;`. */
const decode = (text: string): string =>
  text.replace(
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{2,5}));/gi,
    (all, hex: string, decimal: string, name: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? all;
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return point > 0x10ffff ? all : String.fromCodePoint(point);
    },
  );

/** Elements within a line; any other ends the word before it. */
const INLINE = new Set([
  'a',
  'abbr',
  'b',
  'bdi',
  'code',
  'del',
  'em',
  'i',
  'ins',
  'mark',
  's',
  'small',
  'span',
  'strong',
  'sub',
  'sup',
  'u',
  'wbr',
]);
/** Elements that hold other people's words, or none. */
const SKIPPED = new Set(['blockquote', 'q', 'script', 'style', 'template', 'textarea', 'title']);

/** What of HTML its author says, as text. One pass, so that no markup costs more than its length. */
export function textOfHtml(html: string): string {
  let out = '';
  let skipped: { readonly name: string; depth: number } | undefined;
  for (let at = 0; at < html.length;) {
    const open = html.indexOf('<', at);
    const end = open === -1 ? html.length : open;
    if (skipped === undefined) out += decode(html.slice(at, end));
    if (open === -1) break;
    if (!/^<[a-z/!?]/i.test(html.slice(open, open + 2))) {
      if (skipped === undefined) out += '<';
      at = open + 1;
      continue;
    }
    const after = html.startsWith('<!--', open) ? endOfComment(html, open) : endOfTag(html, open);
    const [, slash = '', letters = ''] = /^<(\/?)([a-z][a-z\d]*)/i.exec(html.slice(open, open + 32)) ?? [];
    const name = letters.toLowerCase();
    if (skipped === undefined) {
      if (slash === '' && (SKIPPED.has(name) || isQuote(html.slice(open, after)))) skipped = { name, depth: 1 };
      out += INLINE.has(name) ? '' : '\n';
    } else if (name === skipped.name) {
      skipped.depth += slash === '' ? 1 : -1;
      if (skipped.depth === 0) skipped = undefined;
    }
    at = after;
  }
  return out;
}

/** Mastodon's fallback for a quoted post. */
const isQuote = (tag: string): boolean => tag.length < 1_024 && /\bclass\s*=\s*["'][^"']*\bquote-inline\b/i.test(tag);

function endOfComment(html: string, open: number): number {
  const end = html.indexOf('-->', open + 4);
  return end === -1 ? html.length : end + 3;
}

/** Past the `>` of a tag, those within quoted attributes left out; a tag without end takes the rest with it. */
function endOfTag(html: string, open: number): number {
  let quote = '';
  for (let at = open + 1; at < html.length; at++) {
    const letter = html.charAt(at);
    if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === '>') return at + 1;
    else if (letter === '"' || letter === "'") quote = letter;
  }
  return html.length;
}
