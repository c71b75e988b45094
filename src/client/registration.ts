// What a person keeps of a registration: enough to change and withdraw it, in memory or as text in a place nobody else reads.
// Holds neither the identifier nor the routes.
import { z } from 'zod';
import { failAs } from '../protocol/errors.ts';
import { parseJson } from '../protocol/json.ts';
import { thumbprint, type TemporaryKey } from '../protocol/token/temporary-key.ts';

/** One attestation a registration rests on: what its issuer needs to withdraw it. */
export interface IssuedAttestation {
  readonly issuer: string;
  readonly jti: string;
}

/**
 * What only a person who means to change the registration without authenticating again keeps. Whoever has it can change,
 * withdraw and read the record: it belongs in the platform's key store or a file nobody else can read.
 */
export interface KeptSecrets {
  readonly key: TemporaryKey;
  /** The key that seals the record (§5.1), b64u. */
  readonly seal: string;
  readonly attestations: readonly string[];
}

/** A deposited record, as the person who made it sees it. Times are seconds since 1970. */
export interface Registration {
  readonly directory: string;
  /** Blinded name, b64u. */
  readonly name: string;
  /** Thumbprint of the temporary key, b64u. */
  readonly holder: string;
  /** SHA-256 of the sealed octets, hex. */
  readonly digest: string;
  readonly seq: number;
  /** The epoch whose receipt proved that the directory has it (§5.2). */
  readonly epoch: number;
  /** Earliest end of routing proof, deposit and attestations. */
  readonly expires: number;
  readonly attestations: readonly IssuedAttestation[];
  /** Id of the directory's OPRF key that the name is under (§3): with its end the record ends, whatever `expires` says (§10). */
  readonly key?: string;
  /** Absent where the temporary key was thrown away, as it is unless asked for (§4.5). */
  readonly kept?: KeptSecrets;
}

const b64u32 = z.string().regex(/^[\w-]{43}$/);
const schema = z.strictObject({
  directory: z.string(),
  name: b64u32,
  holder: b64u32,
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  seq: z.int().min(0),
  epoch: z.int().min(0),
  expires: z.int(),
  attestations: z.array(z.strictObject({ issuer: z.string(), jti: z.string() })),
  key: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .exactOptional(),
  kept: z
    .strictObject({
      key: z.strictObject({ crv: z.literal('Ed25519'), kty: z.literal('OKP'), x: b64u32, d: b64u32 }),
      seal: b64u32,
      attestations: z.array(z.string()),
    })
    .optional(),
});

/** As JSON text; a kept key must be one that can be exported (`keep: true` makes such a one). */
export async function formatRegistration({ kept, ...registration }: Registration): Promise<string> {
  if (kept === undefined) return JSON.stringify(registration);
  const { key, seal, attestations } = kept;
  const { d } = await failAs('request-invalid', 'the temporary key cannot be exported', () =>
    crypto.subtle.exportKey('jwk', key.privateKey),
  );
  return JSON.stringify({ ...registration, kept: { key: { ...key.jwk, d }, seal, attestations } });
}

/** Reads what `formatRegistration` wrote; anything else is `request-invalid`. */
export async function parseRegistration(text: string): Promise<Registration> {
  return failAs('request-invalid', 'not a stored registration', async () => {
    const { kept, ...registration } = schema.parse(parseJson(text));
    if (kept === undefined) return registration;
    const { d, ...jwk } = kept.key;
    const privateKey = await crypto.subtle.importKey('jwk', { ...jwk, d }, 'Ed25519', true, ['sign']);
    const key = { jwk, jkt: thumbprint(jwk), privateKey };
    if (key.jkt !== registration.holder) throw new Error('the key is of another registration');
    return { ...registration, kept: { ...kept, key } };
  });
}
