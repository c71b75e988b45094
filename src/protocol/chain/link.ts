// One link of an identity chain (§9.1): a token by a key of the chain, its form and its signatures. Whether it may stand where
// it stands is for state.ts.
import { z } from 'zod';
import { isService, parseAccount, parseClaim, type AccountClaim } from '../account.ts';
import { b64u, domain, seq } from '../token/claims.ts';
import { parseHolderJws, verifyHolder, type HolderJws } from '../token/jws.ts';
import { parseTemporaryJwk, type TemporaryJwk } from '../token/temporary-key.ts';
import { parseIndex, type ChainIndex } from './index-entries.ts';
import { linkHash } from './names.ts';
import { refusal, type ChainReason } from './reasons.ts';
import { verifyReverse } from './reverse.ts';

/** A name in one directory, which shows only to who knows the identifier (§9.4). */
export interface ChainName {
  readonly directory: string;
  /** b64u of 32 octets: `nameProof`. */
  readonly proof: string;
}

/** What a link does. `key` of remove-key is a thumbprint. */
export type Action =
  | { readonly type: 'start' }
  | { readonly type: 'add-key'; readonly key: TemporaryJwk; readonly reverse: string }
  | { readonly type: 'remove-key'; readonly key: string }
  | ({ readonly type: 'add-account' } & AccountClaim)
  | ({ readonly type: 'remove-account' } & Pick<AccountClaim, 'service' | 'account'>)
  | ({ readonly type: 'add-name' | 'remove-name' } & ChainName)
  | ({ readonly type: 'set-index' } & ChainIndex)
  | { readonly type: 'end' };

/** A link that is well-formed; `verifyLink` says that its keys signed it. */
export interface Link {
  readonly token: string;
  readonly jws: HolderJws;
  /** b64u SHA-256 of the token. */
  readonly hash: string;
  /** Undefined in the first link, as `prev`. */
  readonly chain: string | undefined;
  readonly prev: string | undefined;
  readonly seq: number;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly action: Action;
}

const first = { version: z.literal(1), seq, iat: seq, type: z.string(), nonce: b64u(16) };
const common = { ...first, chain: b64u(32), prev: b64u(32) };
const account = { service: z.string(), account: z.string() };
const name = { directory: domain, proof: b64u(32) };

/** Members of the payload by type: exactly these. */
const FORMS = {
  start: z.strictObject(first),
  'add-key': z.strictObject({ ...common, key: z.unknown(), reverse: z.string() }),
  'remove-key': z.strictObject({ ...common, key: b64u(32) }),
  'add-account': z.strictObject({ ...common, ...account, where: z.string().exactOptional() }),
  'remove-account': z.strictObject({ ...common, ...account }),
  'add-name': z.strictObject({ ...common, ...name }),
  'remove-name': z.strictObject({ ...common, ...name }),
  'set-index': z.strictObject({ ...common, index: z.unknown(), sealed: z.unknown().optional() }),
  end: z.strictObject(common),
} as const satisfies Record<Action['type'], z.ZodType>;

/** What says where a link stands: neither `chain` nor `prev` in the first. */
interface Place {
  readonly seq: number;
  readonly iat: number;
  readonly chain?: string;
  readonly prev?: string;
}

const isType = (value: unknown): value is Action['type'] => typeof value === 'string' && Object.hasOwn(FORMS, value);

/** Reads a link, its signatures not yet checked; throws `chain-invalid` with the reason. `place`: where it stands. */
export function parseLink(token: string, place?: number): Link {
  const jws = refusing('token-invalid', place, () => parseHolderJws(token, 'link'));
  const { version, type } = jws.payload;
  if (version !== 1) throw refusal('version-unknown', place);
  if (!isType(type)) throw refusal('type-unknown', place);
  const form: z.ZodType<Place> = FORMS[type];
  const { seq: number, iat, chain, prev } = readForm(form, jws.payload, place);
  const action = READERS[type](jws.payload, place);
  return { token, jws, hash: linkHash(token), chain, prev, seq: number, iat, action };
}

/** Reads members of exactly the form there is for the type; `members-invalid` for any other. */
function readForm<T>(form: z.ZodType<T>, payload: object, place: number | undefined): T {
  const result = form.safeParse(payload);
  if (!result.success) throw refusal('members-invalid', place);
  return result.data;
}

/** Runs `work`; whatever it throws is refused for `reason`. */
function refusing<T>(reason: ChainReason, place: number | undefined, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw refusal(reason, place, cause);
  }
}

type Reader = (payload: object, place: number | undefined) => Action;

const readName =
  (type: 'add-name' | 'remove-name'): Reader =>
  (payload, place) => {
    const { directory, proof } = readForm(FORMS[type], payload, place);
    return { type, directory, proof };
  };

const READERS: Readonly<Record<Action['type'], Reader>> = {
  start: () => ({ type: 'start' }),
  'add-key': (payload, place) => {
    const { key, reverse } = readForm(FORMS['add-key'], payload, place);
    return { type: 'add-key', key: refusing('members-invalid', place, () => parseTemporaryJwk(key)), reverse };
  },
  'remove-key': (payload, place) => ({ type: 'remove-key', key: readForm(FORMS['remove-key'], payload, place).key }),
  'add-account': (payload, place) => {
    const { service, account: of, where } = readForm(FORMS['add-account'], payload, place);
    const claim = refusing('account-invalid', place, () => parseClaim({ service, account: of, where }));
    return { type: 'add-account', ...claim };
  },
  'remove-account': (payload, place) => {
    const { service, account: of } = readForm(FORMS['remove-account'], payload, place);
    return { type: 'remove-account', ...refusing('account-invalid', place, () => parseNormal(service, of)) };
  },
  'add-name': readName('add-name'),
  'remove-name': readName('remove-name'),
  'set-index': (payload, place) => {
    const { index, sealed } = readForm(FORMS['set-index'], payload, place);
    return { type: 'set-index', ...refusing('index-invalid', place, () => parseIndex(index, sealed)) };
  },
  end: () => ({ type: 'end' }),
};

/** An account in its normal form; throws for any other spelling. */
function parseNormal(service: string, text: string): Pick<AccountClaim, 'service' | 'account'> {
  if (!isService(service)) throw refusal('account-invalid');
  const normal = parseAccount(service, text);
  if (normal !== text) throw refusal('account-invalid');
  return { service, account: normal };
}

/** Verifies that the key in the header signed, and a key that is added as well. Says nothing about whose keys they are. */
export async function verifyLink({ token, jws, action }: Link, place?: number): Promise<void> {
  try {
    await verifyHolder(jws);
  } catch (cause) {
    throw refusal('signature-invalid', place, cause);
  }
  if (action.type === 'add-key') await verifyReverse(token, action.key, action.reverse, place);
}
