// The description a deployment serves of itself (§8), from its configuration and public keys, signed anew every day.
import { WhereaboutsError } from '../protocol/errors.ts';
import { parseDescription } from '../protocol/description.ts';
import { signDescription } from '../protocol/description-signature.ts';
import { parseJsonObject, type Json } from '../protocol/json.ts';
import type { SigningKey } from '../protocol/token/jws.ts';
import { utf8 } from '../protocol/wire.ts';
import type { Clock, Quota } from './context.ts';

export interface OwnDescription {
  readonly domain: string;
  readonly name: string;
  readonly logo?: string | undefined;
  readonly contact?: string | undefined;
  readonly jwks: { readonly keys: readonly object[] };
  readonly directory?: {
    readonly api: string;
    /** Where its public octets are published as files. */
    readonly publication?: string | undefined;
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

/** JSON text of the description, not signed; throws `config-invalid` when what the operator added does not follow the rules. */
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
            publication: directory.publication,
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

/** The text to serve at the moment. */
export type OwnText = () => Promise<string>;

const DAY = 86_400;
/** Longer than anybody believes a copy he cannot renew; short, since whoever loses the key is not believed before it ends. */
const LIFE_DAYS = 8;

/**
 * A description that is signed: `seq` is the beginning of the day, so that all instances of a deployment, and each of them
 * after a restart, sign the same document without asking each other. What the operator changes meanwhile has the same `seq`.
 */
export function signOwnDescription(text: string, key: SigningKey, clock: Clock): OwnText {
  let signed: { readonly day: number; readonly text: Promise<string> } | undefined;
  return () => {
    const day = Math.floor(clock() / 1000 / DAY);
    if (signed?.day !== day) {
      const expires = new Date((day + LIFE_DAYS) * DAY * 1000).toISOString().replace('.000Z', 'Z');
      signed = { day, text: signDescription({ ...parseJsonObject(text), seq: day * DAY, expires }, key) };
    }
    return signed.text;
  };
}

/** A description that is served as it is: of who has no key to sign with. */
export const serveUnsigned =
  (text: string): OwnText =>
  async () =>
    text;
