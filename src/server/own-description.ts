// The description a deployment serves of itself (§8), from its configuration and public keys. Does not sign it.
import { WhereaboutsError } from '../protocol/errors.ts';
import { parseDescription } from '../protocol/description.ts';
import type { Json } from '../protocol/json.ts';
import { utf8 } from '../protocol/wire.ts';
import type { Quota } from './context.ts';

export interface OwnDescription {
  readonly domain: string;
  readonly name: string;
  readonly logo?: string | undefined;
  readonly contact?: string | undefined;
  readonly jwks: { readonly keys: readonly object[] };
  readonly directory?: {
    readonly api: string;
    /** Verifier key of the log's notes. */
    readonly log: string;
    /** Verifier keys of the witnesses it asks. */
    readonly witnesses?: readonly string[];
    readonly issuers: 'open' | readonly string[];
    readonly limits: Readonly<Record<string, Quota>>;
  };
  readonly issuer?: { readonly url: string; readonly amr: readonly string[] };
  readonly witness?: { readonly url: string; readonly key: string };
  /** Members the operator adds, such as `provider`: they never replace those above. */
  readonly extra?: Readonly<Record<string, Json>>;
  readonly sandbox: boolean;
}

/** JSON text of the description; throws `config-invalid` when what the operator added does not follow the rules. */
export function formatOwnDescription(own: OwnDescription): string {
  const { directory, issuer, witness, domain, name, logo, contact, jwks, extra = {} } = own;
  const text = JSON.stringify({
    ...extra,
    version: 1,
    domain,
    name,
    logo,
    contact,
    jwks,
    witness,
    ...(issuer === undefined
      ? {}
      : {
          issuer: {
            api: `${issuer.url}/whereabouts`,
            attestations: `${issuer.url}/whereabouts/attestations/{jti}`,
            amr: issuer.amr,
          },
        }),
    ...(directory === undefined
      ? {}
      : {
          directory: {
            api: directory.api,
            log: directory.log,
            ...(directory.witnesses === undefined || directory.witnesses.length === 0
              ? {}
              : { witnesses: directory.witnesses }),
            issuers: directory.issuers,
            limits: Object.fromEntries(
              Object.entries(directory.limits).map(([kind, { capacity, refill, seconds }]) => [
                kind,
                { capacity, refill, seconds },
              ]),
            ),
          },
        }),
  });
  try {
    parseDescription(utf8(text), domain, { sandbox: own.sandbox });
  } catch (cause) {
    const why = cause instanceof WhereaboutsError ? cause.message : 'not valid';
    throw new WhereaboutsError('config-invalid', `the description to be served is not valid: ${why}`, { cause });
  }
  return text;
}
