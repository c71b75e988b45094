// Where codes meet HTTP: one exhaustive table of statuses, one way to write a problem document (RFC 9457).
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { CODES, WhereaboutsError, type Code } from '../protocol/errors.ts';

export const STATUS: Record<Code, ContentfulStatusCode> = {
  'account-invalid': 400,
  'account-refused': 403,
  'address-busy': 503,
  'attestation-unknown': 404,
  'attestation-withdrawn': 410,
  'bucket-invalid': 502,
  'bundle-invalid': 502,
  'chain-ended': 410,
  'chain-invalid': 400,
  'chain-stale': 409,
  'chain-unknown': 404,
  'changes-invalid': 502,
  'checkpoint-invalid': 502,
  'checkpoint-stale': 502,
  'config-changed': 502,
  'config-invalid': 500,
  'consistency-invalid': 502,
  'conversation-changed': 409,
  'conversation-refused': 403,
  'conversation-unknown': 404,
  'credentials-invalid': 401,
  'credentials-required': 401,
  'database-busy': 503,
  'database-newer': 500,
  'database-stale': 503,
  'depth-changed': 409,
  'description-invalid': 422,
  'description-stale': 502,
  'did-invalid': 422,
  'directory-refused': 403,
  'element-invalid': 400,
  'epoch-invalid': 502,
  'epoch-stale': 502,
  'evaluation-invalid': 502,
  'evidence-invalid': 422,
  'host-refused': 421,
  'identifier-invalid': 400,
  'import-invalid': 422,
  'inclusion-invalid': 502,
  'internal-error': 500,
  'issuer-refused': 403,
  'key-unknown': 409,
  'log-forked': 502,
  'map-invalid': 502,
  'media-type-unsupported': 415,
  'method-refused': 405,
  'name-full': 409,
  'nonce-invalid': 400,
  overloaded: 503,
  'path-unknown': 404,
  'peer-unreachable': 502,
  'plan-invalid': 409,
  'plan-stale': 409,
  'policy-invalid': 500,
  'provider-unknown': 404,
  'quota-exceeded': 429,
  'record-invalid': 400,
  'record-stale': 409,
  'record-unknown': 404,
  'request-invalid': 400,
  'request-too-large': 413,
  'token-invalid': 400,
  'url-refused': 400,
  'vkey-invalid': 422,
  'witnesses-missing': 502,
};

/** The problem document of `error`: type, title, status, code, detail and the error's own extension members. */
export function problem(c: Context, error: WhereaboutsError): Response {
  const status = STATUS[error.code];
  const title = CODES[error.code];
  const body = { ...error.extensions, type: `urn:whereabouts:error:${error.code}`, title, status, code: error.code };
  // A 500 says nothing: what went wrong stays in the log (§12).
  const detail = status === 500 || error.message === title ? {} : { detail: error.message };
  const retry = error.extensions['retryAfter'];
  if (typeof retry === 'number') c.header('retry-after', String(retry));
  if (status === 401) c.header('www-authenticate', 'Bearer');
  return c.body(JSON.stringify({ ...body, ...detail }), status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  });
}
