// A DID document as far as it is used: keys that can be verified with, other names, services. Says nothing about whether the
// other names agree.
import { z } from 'zod';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { concat, parseB64u } from '../../protocol/wire.ts';
import { parseMultikey, verifiedKey, type Curve, type PublicKey } from './key.ts';

export interface DidKey {
  /** A DID URL. */
  readonly id: string;
  readonly key: PublicKey;
}

export interface DidService {
  readonly id: string;
  readonly type: string;
  readonly endpoint: string;
}

/** What a DID resolves to. */
export interface ResolvedDid {
  readonly did: string;
  readonly keys: readonly DidKey[];
  readonly alsoKnownAs: readonly string[];
  readonly services: readonly DidService[];
}

const MOST = 256;
const text = z.string().max(2_048);
const jwk = z.object({ kty: text, crv: text, x: text, y: text.optional(), d: z.undefined().optional() });
const method = z.object({
  id: text,
  type: text,
  controller: text,
  publicKeyMultibase: text.optional(),
  publicKeyJwk: jwk.optional(),
});
const document = z.object({
  id: text,
  alsoKnownAs: z.array(text).max(MOST).default([]),
  verificationMethod: z.array(method).max(MOST).default([]),
  service: z
    .array(z.object({ id: text, type: z.union([text, z.array(text)]), serviceEndpoint: z.unknown() }))
    .max(MOST)
    .default([]),
});

const TYPES: ReadonlySet<string> = new Set(['Multikey', 'JsonWebKey', 'JsonWebKey2020', 'Ed25519VerificationKey2020']);

const invalid = (cause?: unknown) => new WhereaboutsError('did-invalid', 'not the document of this DID', { cause });

/** Reads a document; throws `did-invalid` where it is not that of `did`. */
export function readDocument(value: unknown, did: string): ResolvedDid {
  const read = document.safeParse(value);
  if (!read.success) throw invalid(read.error);
  // The document of another DID is what an attacker who controls a path would serve here.
  if (read.data.id !== did) throw invalid();
  const { alsoKnownAs, verificationMethod, service } = read.data;
  const ids = [...verificationMethod, ...service].map(({ id }) => absoluteId(id, did));
  if (new Set(ids).size !== ids.length) throw invalid();
  return {
    did,
    alsoKnownAs,
    keys: verificationMethod.flatMap((entry) => {
      // A key that another DID controls is listed here, and is not this DID's.
      const key = entry.controller === did && TYPES.has(entry.type) ? keyOf(entry) : undefined;
      return key === undefined ? [] : [{ id: absoluteId(entry.id, did), key }];
    }),
    services: service.flatMap(({ id, type, serviceEndpoint: endpoint }) =>
      typeof endpoint === 'string'
        ? [{ id: absoluteId(id, did), type: Array.isArray(type) ? type.join(' ') : type, endpoint }]
        : [],
    ),
  };
}

function absoluteId(id: string, did: string): string {
  const url = id.startsWith('#') ? `${did}${id}` : id;
  if (!url.startsWith(`${did}#`) || url.length === did.length + 1) throw invalid();
  return url;
}

/** The key of a method; undefined where it is on a curve that is not used here. */
function keyOf({ publicKeyMultibase, publicKeyJwk }: z.infer<typeof method>): PublicKey | undefined {
  // Two keys in one method: readers would disagree which it is.
  if ((publicKeyMultibase === undefined) === (publicKeyJwk === undefined)) throw invalid();
  try {
    return publicKeyMultibase === undefined ? keyOfJwk(publicKeyJwk) : parseMultikey(publicKeyMultibase);
  } catch (cause) {
    if (cause instanceof WhereaboutsError && cause.extensions['reason'] === 'algorithm') return undefined;
    throw invalid(cause);
  }
}

const CURVES: Readonly<Record<string, Curve>> = {
  'OKP Ed25519': 'Ed25519',
  'EC secp256k1': 'secp256k1',
  'EC P-256': 'P-256',
};

function keyOfJwk(value: z.infer<typeof jwk> | undefined): PublicKey | undefined {
  const curve = CURVES[`${value?.kty} ${value?.crv}`];
  if (value === undefined || curve === undefined) return undefined;
  const x = parseB64u(value.x, 32);
  if (curve === 'Ed25519') return verifiedKey(curve, x);
  const y = parseB64u(value.y ?? '', 32);
  return verifiedKey(curve, concat(Uint8Array.of(2 + ((y[31] ?? 0) & 1)), x), y);
}
