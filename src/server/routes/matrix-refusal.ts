// How Matrix wants to be refused: `{errcode, error}` (Matrix 1.11, client-server API §2.4). The text is ours and never holds input.
import type { Context } from 'hono';
import type { Code, WhereaboutsError } from '../../protocol/errors.ts';
import type { Area, Env } from '../http.ts';
import { STATUS } from '../problem.ts';

/** Where it is not simply `M_UNKNOWN`; an error that knows better says so in `errcode`. */
const ERRCODES: Partial<Record<Code, string>> = {
  'credentials-invalid': 'M_UNAUTHORIZED',
  'credentials-required': 'M_UNAUTHORIZED',
  'identifier-invalid': 'M_INVALID_PARAM',
  'issuer-refused': 'M_FORBIDDEN',
  'media-type-unsupported': 'M_NOT_JSON',
  'method-refused': 'M_UNRECOGNIZED',
  overloaded: 'M_UNKNOWN',
  'path-unknown': 'M_UNRECOGNIZED',
  'quota-exceeded': 'M_LIMIT_EXCEEDED',
  'request-invalid': 'M_BAD_JSON',
  'request-too-large': 'M_TOO_LARGE',
};

function refuseMatrix(c: Context<Env>, error: WhereaboutsError): Response {
  const { errcode, retryAfter } = error.extensions;
  const status = STATUS[error.code];
  if (typeof retryAfter === 'number') c.header('retry-after', String(retryAfter));
  c.header('cache-control', 'no-store');
  return c.json(
    {
      errcode: typeof errcode === 'string' ? errcode : (ERRCODES[error.code] ?? 'M_UNKNOWN'),
      error: status >= 500 ? 'not at present' : error.message,
      ...(typeof retryAfter === 'number' && status === 429 ? { retry_after_ms: 1_000 * retryAfter } : {}),
    },
    status,
  );
}

/** The identity service's clients may be web pages, and show tokens (Identity Service API §3); an application service is asked by its homeserver. */
export const MATRIX_AREAS: readonly Area[] = [
  { prefix: '/_matrix/identity/', origins: '*', refuse: refuseMatrix },
  { prefix: '/_matrix/', refuse: refuseMatrix },
];
