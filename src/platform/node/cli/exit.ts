// How a command ends: exit codes (§12) and the one line on standard error that says why. Never a stack, never what was typed.
import { CODES, WhereaboutsError, type Code } from '../../../protocol/errors.ts';

export const EXIT = { done: 0, absent: 1, usage: 2, unreachable: 3, refused: 4 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Codes that are about how the command was called or set up, and those where nobody could answer; the rest are refusals. */
const USAGE: ReadonlySet<Code> = new Set([
  'account-invalid',
  'config-invalid',
  'did-invalid',
  'identifier-invalid',
  'policy-invalid',
  'request-invalid',
]);
const UNREACHABLE: ReadonlySet<Code> = new Set([
  'address-busy',
  'database-busy',
  'depth-changed',
  'internal-error',
  'overloaded',
  'peer-unreachable',
  'provider-unknown',
  'quota-exceeded',
]);

/** Exit code of a failure. */
export function exitOf(code: Code): Exit {
  if (USAGE.has(code)) return EXIT.usage;
  return UNREACHABLE.has(code) ? EXIT.unreachable : EXIT.refused;
}

/** What to print about a failure, and the code to leave with. */
export function explain(error: unknown): { text: string; exit: Exit } {
  if (!(error instanceof WhereaboutsError))
    return { text: `${CODES['internal-error']}; WHEREABOUTS_LOG_LEVEL=debug says more`, exit: EXIT.unreachable };
  const after = error.extensions['retryAfter'];
  const wait = typeof after === 'number' ? ` (again in ${after} s)` : '';
  const hint = error.code === 'identifier-invalid' ? ' (a national number needs --region, such as GB)' : '';
  return { text: `${error.message}${hint}${wait} [${error.code}]`, exit: exitOf(error.code) };
}
