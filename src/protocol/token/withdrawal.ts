// Withdrawals (§5.2): the temporary key takes its record back, or an issuer every record that rests on an attestation of its.
import { z } from 'zod';
import { WhereaboutsError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { b64u, domain, parseClaims, seq, times, verifyExpected, verifyLife, verifyTimes } from './claims.ts';
import {
  parseJws,
  signAsDomain,
  signAsHolder,
  verifyDomain,
  verifyHolder,
  type DomainJws,
  type FindKeys,
  type HolderJws,
  type SigningKey,
} from './jws.ts';
import type { TemporaryKey } from './temporary-key.ts';

/** By the temporary key, `iss` as `jkt`. Times are seconds since 1970. */
export interface HolderWithdrawal {
  readonly by: 'holder';
  readonly jkt: string;
  readonly aud: string;
  readonly sub: string;
  readonly seq: number;
  readonly iat: number;
  readonly exp: number;
}

/** By an issuer; `jti` is that of its attestation. */
export interface IssuerWithdrawal {
  readonly by: 'issuer';
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

export type Withdrawal = HolderWithdrawal | IssuerWithdrawal;

const common = { aud: z.string(), sub: b64u(32), ...times };
const holderClaims = z.strictObject({ iss: b64u(32), ...common, seq });
const issuerClaims = z.object({ iss: domain, ...common, jti: b64u(16) });

/** Reads a withdrawal without checking its signature: to find who signed it. */
export const readWithdrawal = (token: string): Withdrawal => read(parseJws(token, 'withdrawal'));

function read(jws: HolderJws | DomainJws): Withdrawal {
  const withdrawal = jws.by === 'holder' ? readHolders(jws) : readIssuers(jws);
  verifyLife(withdrawal, LIMITS.shortTokenLifeSeconds);
  return withdrawal;
}

function readHolders({ jkt, payload }: HolderJws): HolderWithdrawal {
  const { iss, ...rest } = parseClaims(holderClaims, payload);
  verifyExpected({ iss }, { iss: jkt });
  return { by: 'holder', jkt, ...rest };
}

const readIssuers = ({ payload }: DomainJws): IssuerWithdrawal => ({
  by: 'issuer',
  ...parseClaims(issuerClaims, payload),
});

/** Verifies a withdrawal in itself, for the name `sub` (b64u) at the directory `aud`; whether it fits a record is `fitsRecord`. */
export async function verifyWithdrawal(
  token: string,
  expect: { readonly now: number; readonly aud: string; readonly sub: string; readonly keys: FindKeys },
): Promise<Withdrawal> {
  const { now, aud, sub, keys } = expect;
  const jws = parseJws(token, 'withdrawal');
  const withdrawal = read(jws);
  verifyExpected(withdrawal, { aud, sub });
  verifyTimes(withdrawal, now);
  if (jws.by === 'holder') await verifyHolder(jws);
  else if (withdrawal.by === 'issuer') await verifyDomain(jws, withdrawal.iss, keys);
  return withdrawal;
}

/** What a withdrawal is compared with of a record: all b64u. */
export interface WithdrawableRecord {
  readonly name: string;
  readonly holder: string;
  readonly seq: number;
  readonly attestations: readonly { readonly iss: string; readonly jti: string }[];
}

/** Checks that a verified withdrawal is about this record: `token-invalid` if not, `record-stale` for one older than the record. */
export function fitsRecord(withdrawal: Withdrawal, record: WithdrawableRecord): void {
  const refused = () => new WhereaboutsError('token-invalid', 'the withdrawal is not about this record');
  if (withdrawal.sub !== record.name) throw refused();
  if (withdrawal.by === 'holder') {
    if (withdrawal.jkt !== record.holder) throw refused();
    // Else a withdrawal seen before would take away what was deposited after it.
    if (withdrawal.seq <= record.seq) throw new WhereaboutsError('record-stale');
  } else {
    const { iss, jti } = withdrawal;
    if (!record.attestations.some((attestation) => attestation.iss === iss && attestation.jti === jti)) throw refused();
  }
}

/** Signs a withdrawal as the temporary key. */
export async function signWithdrawal(claims: Omit<HolderWithdrawal, 'jkt'>, key: TemporaryKey): Promise<string>;
/** Signs a withdrawal as an issuer. */
export async function signWithdrawal(
  claims: Omit<IssuerWithdrawal, 'by'> & { readonly by?: 'issuer' },
  key: SigningKey,
): Promise<string>;
export async function signWithdrawal(
  claims: Omit<HolderWithdrawal, 'jkt'> | (Omit<IssuerWithdrawal, 'by'> & { readonly by?: 'issuer' }),
  key: TemporaryKey | SigningKey,
): Promise<string> {
  const { aud, sub, iat, exp } = claims;
  if (claims.by === 'holder' && 'jkt' in key)
    return signAsHolder('withdrawal', { iss: key.jkt, aud, sub, seq: claims.seq, iat, exp }, key);
  if (claims.by !== 'holder' && 'alg' in key)
    return signAsDomain('withdrawal', { iss: claims.iss, aud, sub, jti: claims.jti, iat, exp }, key);
  throw new WhereaboutsError('request-invalid', 'a key that cannot sign such a withdrawal');
}
