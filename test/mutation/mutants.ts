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
  readonly before: (id: string) => string;
  readonly after: string;
}

/** Calls that are made for what they refuse: as a statement of their own they are a check. */
const REFUSING = /^#?(?:accuse|check|finish|parse|throwIf|verify)/;
/** Array methods whose predicate decides what counts. */
const CHOOSING: ReadonlySet<string> = new Set(['every', 'filter', 'find', 'findLast', 'refine', 'some']);

/** The checks of a file, in the order of their places. */
export function findMutants(code: string): Mutant[] {
  return findPlaces(code).map(({ line, check, becomes }) => ({ line, check, becomes }));
}

/**
 * The file with a switch around each check: `isOff(id)` is called wherever one is reached, `id` being the number of the
 * mutant (from `first` on), and switches it off by saying true. Lines stay where they are.
 */
export function instrument(code: string, first: number, isOff: string): string {
  const places = findPlaces(code).map((place, i) => ({ ...place, id: `${isOff}(${first + i})` }));
  // Where several begin, the widest comes first; where several end, the narrowest does.
  const edges = places.flatMap(({ start, end, before, after, id }) => [
    { at: start, order: 1, width: start - end, text: before(id) },
    { at: end, order: 0, width: end - start, text: after },
  ]);
  edges.sort((a, b) => a.at - b.at || a.order - b.order || a.width - b.width);
  let [text, at] = ['', 0];
  for (const edge of edges) {
    text += code.slice(at, edge.at) + edge.text;
    at = edge.at;
  }
  return text + code.slice(at);
}

function findPlaces(code: string): Place[] {
  const { program, errors } = parseSync('source.ts', code);
  if (errors.length > 0) throw new Error(`not TypeScript: ${errors[0]?.message}`);
  const places = new Map<string, Place>();
  const add = ({ start, end }: Node, becomes: Mutant['becomes'], before: Place['before'], after = '))'): void => {
    const [line, check] = [code.slice(0, start).split('\n').length, code.slice(start, end).replaceAll(/\s+/g, ' ')];
    places.set(`${start}/${end}`, { line, check, becomes, start, end, before, after });
  };
  const set = (node: Expression | Argument, value: boolean): void => add(node, `${value}`, (id) => `(${id}?${value}:(`);
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
      if (REFUSING.test(calledName(expression))) add(expression, 'nothing', (id) => `(${id}?undefined:(`);
    },
    CallExpression: ({ callee, arguments: given }) => {
      if (callee.type === 'MemberExpression' && CHOOSING.has(nameOf(callee.property))) setPredicate(given[0]);
      // All conditions of a query in SQL have to hold.
      if (callee.type === 'Identifier' && callee.name === 'and')
        for (const condition of given) add(condition, 'nothing', (id) => `(${id}?undefined:(`);
    },
    // Sets of codes: whether one of them is among those is a check of its own.
    NewExpression: ({ callee, arguments: [list] }) => {
      if (callee.type !== 'Identifier' || callee.name !== 'Set' || list?.type !== 'ArrayExpression') return;
      for (const element of list.elements)
        if (element?.type === 'Literal') add(element, 'nothing', (id) => `...(${id}?[]:[`, '])');
    },
    // Functions that say whether something holds.
    VariableDeclarator: ({ id, init }) => {
      if (id.type === 'Identifier' && isQuestion(id.name) && init?.type === 'ArrowFunctionExpression')
        setPredicate(init);
    },
    Property: ({ key, value }) => {
      if (isQuestion(nameOf(key)) && value.type === 'ArrowFunctionExpression') setPredicate(value);
    },
  }).visit(program);
  return [...places.values()].toSorted((a, b) => a.start - b.start || b.end - a.end);
}

const isQuestion = (name: string): boolean => /^(?:is|has|same)(?:[A-Z]|$)/.test(name);

const nameOf = (node: Node): string => ('name' in node && typeof node.name === 'string' ? node.name : '');

/** The last name of what is called, through `await`. */
function calledName(expression: Expression): string {
  if (expression.type === 'AwaitExpression') return calledName(expression.argument);
  if (expression.type !== 'CallExpression') return '';
  const { callee } = expression;
  return nameOf(callee.type === 'MemberExpression' ? callee.property : callee);
}
