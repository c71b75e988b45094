// The keys a Keybase chain comes with, each under the id computed from it: what the server calls a key is not read.
import { refused } from '../refusal.ts';
import { isKid, kindOf, parseKid, type Kid } from './kid.ts';
import { openPacket, type Signed } from './packet.ts';
import { isArmored, readBundle, type Bundle } from './pgp.ts';

export interface Opened extends Signed {
  /** Signed over SHA-1, as GnuPG once did. */
  readonly sha1: boolean;
}

export interface KeyRing {
  has(kid: Kid): boolean;
  /** Whether a form of the PGP key `kid` carries this fingerprint. */
  hasFingerprint(kid: Kid, fingerprint: string): boolean;
  /** Whether a form of the PGP key names this address. */
  hasEmail(kid: Kid, email: string): boolean;
  /** Verifies a signature that must be by `kid`; for a PGP key in the pinned form, or in any where none is pinned. */
  open(kid: Kid, signature: string, pinned: string | undefined): Promise<Opened>;
}

/** Reads key ids and armoured PGP keys. A PGP key that cannot be read is as good as not there. */
export async function readKeyRing(keys: readonly string[]): Promise<KeyRing> {
  const native = new Set<Kid>();
  const bundles = new Map<Kid, Bundle[]>();
  for (const text of keys) {
    if (!isArmored(text)) native.add(parseKid(text));
    else {
      const bundle = await readBundle(text).catch(() => undefined);
      if (bundle !== undefined) bundles.set(bundle.kid, [...(bundles.get(bundle.kid) ?? []), bundle]);
    }
  }
  const formsOf = (kid: Kid): readonly Bundle[] => bundles.get(kid) ?? [];
  return {
    has: (kid) => native.has(kid) || bundles.has(kid),
    hasFingerprint: (kid, fingerprint) => formsOf(kid).some((form) => form.fingerprint === fingerprint),
    hasEmail: (kid, email) => formsOf(kid).some(({ emails }) => emails.includes(email)),
    open: async (kid, signature, pinned) => {
      if (!isKid(kid) || (!native.has(kid) && !bundles.has(kid))) throw refused('key-missing');
      if (kindOf(kid) === 'dh') throw refused('algorithm');
      if (kindOf(kid) === 'eddsa') {
        const signed = openPacket(signature);
        if (signed.kid !== kid) throw refused('signature');
        return { ...signed, sha1: false };
      }
      const forms = formsOf(kid).filter(({ fullHash }) => pinned === undefined || fullHash === pinned);
      if (forms.length === 0) throw refused('key-missing');
      return await firstThatHolds(forms, signature);
    },
  };
}

async function firstThatHolds(forms: readonly Bundle[], signature: string): Promise<Opened> {
  let failure: unknown;
  for (const form of forms) {
    try {
      return await form.open(signature);
    } catch (cause) {
      failure = cause;
    }
  }
  throw failure;
}
