// Finds the checks of a source file, and rewrites it so that each can be switched off while it runs (one mutant each). Which
// files are mutated and by which tests the mutants are to be noticed is run.ts's.
import { parseSync, Visitor, type Argument, type Expression, type Node } from 'oxc-parser';

/** A check that can be switched off. */
export interface Mutant {
  readonly line: number;
  /** The text of the check, on one line. */
  readonly check: string;
  /** What stands in its place when it is switched off. */
  readonly becomes: 'false' | 'true' | 'nothing';
}

interface Place extends Mutant {
  readonly start: number;
  readonly end: number;
  /** What comes before it, `id` being the number of the mutant, and after it. */
  readonly before: (id: number) => string;
  readonly after: string;
}

/** A set made when the file is read: its members are switched off where it is asked. */
interface MadeSet {
  readonly start: number;
  readonly end: number;
}

/** Calls that are made for what they refuse: as a statement of their own they are a check. */
const REFUSING = /^#?(?:accuse|check|finish|parse|throwIf|verify)/;
/** Array methods whose predicate decides what counts. */
const CHOOSING: ReadonlySet<string> = new Set(['every', 'filter', 'find', 'findLast', 'refine', 'some']);

/** The checks of a file, in the order of their places. */
export function findMutants(code: string): Mutant[] {
  return findPlaces(code).places.map(({ line, check, becomes }) => ({ line, check, becomes }));
}

/**
 * The file with a switch around each check: the global `isOff(id)` is called wherever one is reached, `id` being the number of
 * the mutant (from `first` on), and switches it off by saying true; a set of codes passes through the global `switchable`, with
 * the mutants of its members in their order. Lines stay where they are.
 */
export function instrument(code: string, first: number): string {
  const { places, sets } = findPlaces(code);
  const around = ({ start, end }: MadeSet, before: string, after: string) => [
    { at: start, order: 1, width: start - end, text: before },
    { at: end, order: 0, width: end - start, text: after },
  ];
  const edges = places.flatMap((place, i) => around(place, place.before(first + i), place.after));
  for (const set of sets) {
    const members = places.flatMap(({ start, end }, i) => (start > set.start && end < set.end ? [first + i] : []));
    edges.push(...around(set, 'switchable(', `,[${members.join(',')}])`));
  }
  // Where several begin, the widest comes first; where several end, the narrowest does.
  edges.sort((a, b) => a.at - b.at || a.order - b.order || a.width - b.width);
  let [text, at] = ['', 0];
  for (const edge of edges) {
    text += code.slice(at, edge.at) + edge.text;
    at = edge.at;
  }
  return text + code.slice(at);
}

function findPlaces(code: string): { places: Place[]; sets: MadeSet[] } {
  const { program, errors } = parseSync('source.ts', code);
  if (errors.length > 0) throw new Error(`not TypeScript: ${errors[0]?.message}`);
  const places = new Map<string, Place>();
  const sets: MadeSet[] = [];
  const add = ({ start, end }: Node, becomes: Mutant['becomes'], before: Place['before'], after: string): void => {
    const [line, check] = [code.slice(0, start).split('\n').length, code.slice(start, end).replaceAll(/\s+/g, ' ')];
    places.set(`${start}/${end}`, { line, check, becomes, start, end, before, after });
  };
  const set = (node: Expression | Argument, value: boolean): void =>
    add(node, `${value}`, (id) => `(isOff(${id})?${value}:(`, '))');
  const remove = (node: Expression | Argument): void => add(node, 'nothing', (id) => `(isOff(${id})?undefined:(`, '))');
  const setPredicate = (node: Argument | undefined): void => {
    if (node?.type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement') set(node.body, true);
  };
  new Visitor({
    IfStatement: ({ test }) => set(test, false),
    LogicalExpression: ({ operator, left, right }) => {
      if (operator === '??') return;
      for (const operand of [left, right])
        if (operand.type !== 'LogicalExpression' || operand.operator !== operator) set(operand, operator === '&&');
    },
    ExpressionStatement: ({ expression }) => {
      if (REFUSING.test(calledName(expression))) remove(expression);
    },
    CallExpression: ({ callee, arguments: given }) => {
      if (callee.type === 'MemberExpression' && CHOOSING.has(nameOf(callee.property))) setPredicate(given[0]);
      // All conditions of a query in SQL have to hold.
      if (callee.type === 'Identifier' && callee.name === 'and') given.forEach(remove);
    },
    // Whether a code is one of those in a list is a check for each of them.
    NewExpression: ({ callee, arguments: [list], start, end }) => {
      if (callee.type !== 'Identifier' || callee.name !== 'Set' || list?.type !== 'ArrayExpression') return;
      const words = wordsOf(list.elements);
      if (words.length > 0) sets.push({ start, end });
      for (const word of words) add(word, 'nothing', () => '', '');
    },
    VariableDeclarator: ({ id, init }) => {
      if (init?.type === 'ArrayExpression')
        for (const word of wordsOf(init.elements)) add(word, 'nothing', (n) => `...(isOff(${n})?[]:[`, '])');
      // Functions that say whether something holds.
      if (id.type === 'Identifier' && isQuestion(id.name) && init?.type === 'ArrowFunctionExpression')
        setPredicate(init);
    },
    Property: ({ key, value }) => {
      if (isQuestion(nameOf(key)) && value.type === 'ArrowFunctionExpression') setPredicate(value);
    },
  }).visit(program);
  return { places: [...places.values()].toSorted((a, b) => a.start - b.start || b.end - a.end), sets };
}

const isQuestion = (name: string): boolean => /^(?:is|has|same)(?:[A-Z]|$)/.test(name);

const nameOf = (node: Node): string => ('name' in node && typeof node.name === 'string' ? node.name : '');

/** The elements of a list that holds nothing but words, such as codes. */
function wordsOf(elements: readonly (Node | null)[]): Node[] {
  const words = elements.filter((element) => element?.type === 'Literal' && typeof element.value === 'string');
  return words.length === elements.length ? words.flatMap((word) => word ?? []) : [];
}

/** The last name of what is called, through `await`. */
function calledName(expression: Expression): string {
  if (expression.type === 'AwaitExpression') return calledName(expression.argument);
  if (expression.type !== 'CallExpression') return '';
  const { callee } = expression;
  return nameOf(callee.type === 'MemberExpression' ? callee.property : callee);
}
