// Routing proofs (§4.2): where a person wants to be reached, signed by the temporary key. Whether that key is the person's
// is for the attestations to say.
import { z } from 'zod';
import { bridgeMembers, type Bridge } from '../bridge-listing.ts';
import { LIMITS } from '../limits.ts';
import { b64u, domain, parseClaims, seq, text, times, verifyExpected, verifyLife, verifyTimes } from './claims.ts';
import { parseHolderJws, signAsHolder, verifyHolder } from './jws.ts';
import type { TemporaryKey } from './temporary-key.ts';

/** One way to reach the person (§4.3). */
export interface Route {
  /** Domain of the network. */
  readonly provider: string;
  /** The person's address there, spelled as the provider spells it. */
  readonly address?: string;
  /** What it is for: `personal`, `business`, `emergency` or another tag. */
  readonly for?: readonly string[];
  readonly features?: readonly string[];
  /** The person's own bridges: they win over the provider's. */
  readonly bridges?: readonly Bridge[];
}

/** The claims of a routing proof, `iss` as `jkt`. Times are seconds since 1970. */
export interface RoutingProof {
  readonly jkt: string;
  readonly aud: string;
  readonly sub: string;
  readonly seq: number;
  readonly iat: number;
  readonly exp: number;
  /** Gatekeepers may route here without asking again. */
  readonly auto: boolean;
  /** Identity chains of the same person (§9). */
  readonly claims?: readonly string[];
  /** In the person's order. Empty: does not want to be found here. */
  readonly routes: readonly Route[];
}

const claimsOf = (sandbox: boolean) =>
  z.strictObject({
    iss: b64u(32),
    aud: z.string(),
    sub: b64u(32),
    seq,
    ...times,
    auto: z.boolean(),
    claims: z.array(b64u(32)).max(LIMITS.claims).exactOptional(),
    routes: z
      .array(
        z.strictObject({
          provider: domain,
          address: text.exactOptional(),
          for: z.array(text).exactOptional(),
          features: z.array(text).exactOptional(),
          bridges: z
            .array(z.strictObject(bridgeMembers(sandbox)))
            .max(LIMITS.routeBridges)
            .exactOptional(),
        }),
      )
      .max(LIMITS.routes),
  });

const FORMS = { production: claimsOf(false), sandbox: claimsOf(true) };

/** Verifies a routing proof for one name and directory at `now` (seconds). `sandbox`: bridges may be http to `*.localhost`. */
export async function verifyRoute(
  token: string,
  expect: { readonly now: number; readonly aud: string; readonly sub: string; readonly sandbox?: boolean },
): Promise<RoutingProof> {
  const { now, aud, sub, sandbox = false } = expect;
  const jws = parseHolderJws(token, 'route');
  const { iss, ...proof } = parseClaims(sandbox ? FORMS.sandbox : FORMS.production, jws.payload);
  verifyExpected({ ...proof, iss }, { iss: jws.jkt, aud, sub });
  verifyLife(proof, LIMITS.tokenLifeSeconds);
  verifyTimes(proof, now);
  await verifyHolder(jws);
  return { jkt: jws.jkt, ...proof };
}

/** Signs a routing proof; its `iss` is the key's thumbprint. */
export async function signRoute(proof: Omit<RoutingProof, 'jkt'>, key: TemporaryKey): Promise<string> {
  const { aud, sub, seq: number, iat, exp, auto, claims, routes } = proof;
  const chains = claims === undefined ? {} : { claims };
  return signAsHolder('route', { iss: key.jkt, aud, sub, seq: number, iat, exp, auto, ...chains, routes }, key);
}
