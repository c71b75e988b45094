// Where in a JSON text a member stands, and where the text stops being JSON: for people with an editor.
import { findNodeAtLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';

export interface Position {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** The position of what `place` leads to, or of the nearest thing around it that is there. */
export function findPlace(text: string, place: readonly (string | number)[]): Position | undefined {
  const root = readTree(text).tree;
  if (root === undefined) return undefined;
  for (let length = place.length; length > 0; length--) {
    const node = findNodeAtLocation(root, place.slice(0, length));
    if (node !== undefined) return positionOf(text, (node.parent?.type === 'property' ? node.parent : node).offset);
  }
  return positionOf(text, root.offset);
}

/** Why a text is not JSON of this protocol, as far as a place can be named. */
export function findSyntaxFault(text: string): (Position & { readonly reason: string }) | undefined {
  const { tree, errors } = readTree(text);
  const [first] = errors;
  if (first !== undefined)
    return { ...positionOf(text, first.offset), reason: splitWords(printParseErrorCode(first.error)) };
  const twin = tree === undefined ? undefined : findTwin(tree);
  return twin && { ...positionOf(text, twin.offset), reason: 'a member that was there already' };
}

function readTree(text: string): { tree: Node | undefined; errors: ParseError[] } {
  const errors: ParseError[] = [];
  try {
    return { tree: parseTree(text, errors, { disallowComments: true, allowTrailingComma: false }), errors };
  } catch {
    // Nested deeper than the stack: there is no place to name.
    return { tree: undefined, errors: [] };
  }
}

/** The first member whose name its object had before. */
function findTwin(node: Node): Node | undefined {
  const names = new Set<unknown>();
  for (const child of node.children ?? []) {
    const name: unknown = child.type === 'property' ? child.children?.[0]?.value : undefined;
    if (name !== undefined && names.has(name)) return child;
    names.add(name);
    const twin = findTwin(child);
    if (twin !== undefined) return twin;
  }
  return undefined;
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** `CommaExpected` → `comma expected`. */
const splitWords = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();

/** RFC 6901; what could play tricks on a screen is escaped as in JSON, since strangers name members. */
export const formatPointer = (place: readonly (string | number)[]): string =>
  place
    .map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .replaceAll(
      /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
      (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
    );
