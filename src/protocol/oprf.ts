// RFC 9497, mode VOPRF (0x01), suite ristretto255-SHA512, once over the byte-level Group. Does not know identifiers or names.
import { sha256 } from '@noble/hashes/sha2.js';
import { WhereaboutsError } from './errors.ts';
import type { Group } from './group.ts';
import { concat, equalOctets, formatHex, utf8, Writer } from './wire.ts';

/** Fresh random octets. */
export type Random = (octets: number) => Uint8Array;

export interface OprfKeyPair {
  /** Scalar, 32 octets little-endian. */
  readonly secret: Uint8Array;
  /** Element, 32 octets. */
  readonly publicKey: Uint8Array;
}

/** What the client keeps between asking and finalizing. */
export interface BlindState {
  readonly inputs: readonly Uint8Array[];
  readonly blinds: readonly Uint8Array[];
  readonly blinded: readonly Uint8Array[];
}

export interface Evaluation {
  readonly evaluated: readonly Uint8Array[];
  /** c ‖ s, 64 octets: one proof for the whole batch. */
  readonly proof: Uint8Array;
}

/** Lengths of inputs and positions in a batch go into hashes as two octets (RFC 9497 §2.2, §3.3). */
const MAX_U16 = 65_535;
const SEED_OCTETS = 32;
const WIDE_OCTETS = 64;
const ELEMENT_OCTETS = 32;

// RFC 9497 §3.1: "OPRFV1-" ‖ I2OSP(mode, 1) ‖ "-" ‖ identifier. The mode is an octet, not a digit.
const CONTEXT = concat(utf8('OPRFV1-'), Uint8Array.of(1), utf8('-ristretto255-SHA512'));
const DST = {
  group: concat(utf8('HashToGroup-'), CONTEXT),
  scalar: concat(utf8('HashToScalar-'), CONTEXT),
  keys: concat(utf8('DeriveKeyPair'), CONTEXT),
  seed: concat(utf8('Seed-'), CONTEXT),
};

const prefixed = (octets: Uint8Array): Uint8Array => new Writer().u16(octets.length).octets(octets).finish();

/** expand_message_xmd of RFC 9380 §5.3.1 with SHA-512, for 64 octets: exactly one block. */
function expand(group: Group, message: Uint8Array, dst: Uint8Array): Uint8Array {
  const suffix = concat(dst, Uint8Array.of(dst.length));
  const first = group.sha512(concat(new Uint8Array(128), message, Uint8Array.of(0, WIDE_OCTETS, 0), suffix));
  return group.sha512(concat(first, Uint8Array.of(1), suffix));
}

const hashToGroup = (group: Group, input: Uint8Array): Uint8Array => group.fromHash(expand(group, input, DST.group));
const hashToScalar = (group: Group, input: Uint8Array, dst: Uint8Array = DST.scalar): Uint8Array =>
  group.scalar.reduce(expand(group, input, dst));

/** RFC 9497 §3.2.1: `seed` is 32 fresh random octets; another length is `config-invalid`. */
export function deriveKeyPair(group: Group, seed: Uint8Array, info: Uint8Array): OprfKeyPair {
  // A shorter seed would be a key that can be guessed.
  if (seed.length !== SEED_OCTETS || info.length > MAX_U16)
    throw new WhereaboutsError('config-invalid', 'a key is derived from a seed of 32 octets');
  for (let counter = 0; counter < 256; counter++) {
    const secret = hashToScalar(group, concat(seed, prefixed(info), Uint8Array.of(counter)), DST.keys);
    if (group.scalar.isValid(secret)) return { secret, publicKey: group.mulBase(secret) };
  }
  throw new WhereaboutsError('internal-error', 'no key can be derived from this seed');
}

export function generateKeyPair(group: Group, random: Random): OprfKeyPair {
  const secret = randomScalar(group, random);
  return { secret, publicKey: group.mulBase(secret) };
}

/** A uniform scalar other than zero: 64 octets reduced leave no bias worth the name. */
function randomScalar(group: Group, random: Random): Uint8Array {
  for (;;) {
    const scalar = group.scalar.reduce(random(WIDE_OCTETS));
    if (group.scalar.isValid(scalar)) return scalar;
  }
}

/** First 8 octets of SHA-256 of the public key, hex (§3). */
export const keyId = (publicKey: Uint8Array): string => formatHex(sha256(publicKey).subarray(0, 8));

/** RFC 9497 §3.3.2 Blind, for each input. */
export function blind(group: Group, inputs: readonly Uint8Array[], random: Random): BlindState {
  return blindWith(
    group,
    inputs,
    inputs.map(() => randomScalar(group, random)),
  );
}

/** The same under given blinds, one for each input, for who checks an evaluation made by another; none may be used twice. */
export function blindWith(group: Group, inputs: readonly Uint8Array[], blinds: readonly Uint8Array[]): BlindState {
  const blinded = inputs.map((input, i) => {
    if (input.length > MAX_U16) throw new WhereaboutsError('identifier-invalid', 'input too long');
    const [element] = group.mulMany(blinds[i] ?? new Uint8Array(), [hashToGroup(group, input)]);
    return element ?? new Uint8Array();
  });
  return { inputs, blinds, blinded };
}

/** RFC 9497 §3.3.2 BlindEvaluate for a batch of at least one, with one proof; throws `element-invalid` with `index`. */
export function evaluate(
  group: Group,
  key: OprfKeyPair,
  blinded: readonly Uint8Array[],
  random: Random,
): { evaluated: Uint8Array[]; proof: Uint8Array } {
  if (blinded.length === 0 || blinded.length > MAX_U16)
    throw new WhereaboutsError('request-invalid', 'a batch has at least one element');
  const evaluated = group.mulMany(key.secret, blinded);
  return { evaluated, proof: prove(group, key, blinded, evaluated, random) };
}

/** RFC 9497 §2.2.1 GenerateProof with k known (ComputeCompositesFast). */
function prove(
  group: Group,
  key: OprfKeyPair,
  blinded: readonly Uint8Array[],
  evaluated: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  const weights = weigh(group, key.publicKey, blinded, evaluated);
  const m = group.msm(weights, blinded);
  const [z = m] = group.mulMany(key.secret, [m]);
  // Fresh for every proof: the same nonce under two challenges gives the key away.
  const r = randomScalar(group, random);
  const [t3 = m] = group.mulMany(r, [m]);
  const c = challenge(group, key.publicKey, m, z, group.mulBase(r), t3);
  return concat(c, group.scalar.sub(r, group.scalar.mul(c, key.secret)));
}

/** RFC 9497 §2.2.2 VerifyProof; throws `evaluation-invalid`. */
function verifyProof(
  group: Group,
  publicKey: Uint8Array,
  blinded: readonly Uint8Array[],
  { evaluated, proof }: Evaluation,
): void {
  const [c, s] = [proof.subarray(0, 32), proof.subarray(32)];
  if (proof.length !== 64 || evaluated.length !== blinded.length || blinded.length === 0)
    throw new WhereaboutsError('evaluation-invalid', 'the evaluation is not of the right shape');
  if (!group.scalar.isValid(c) || !group.scalar.isValid(s))
    throw new WhereaboutsError('evaluation-invalid', 'the proof is not of two scalars');
  let expected: Uint8Array;
  try {
    const weights = weigh(group, publicKey, blinded, evaluated);
    const m = group.msm(weights, blinded);
    const z = group.msm(weights, evaluated);
    const t2 = group.add(group.mulBase(s), group.msm([c], [publicKey]));
    const t3 = group.msm([s, c], [m, z]);
    expected = challenge(group, publicKey, m, z, t2, t3);
  } catch (cause) {
    throw new WhereaboutsError('evaluation-invalid', 'the evaluation holds what is no element', { cause });
  }
  if (!equalOctets(expected, c)) throw new WhereaboutsError('evaluation-invalid', 'the proof does not hold');
}

/** The weights d₀… of ComputeComposites. */
function weigh(
  group: Group,
  publicKey: Uint8Array,
  blinded: readonly Uint8Array[],
  evaluated: readonly Uint8Array[],
): Uint8Array[] {
  const seed = group.sha512(concat(prefixed(publicKey), prefixed(DST.seed)));
  return blinded.map((c, i) =>
    hashToScalar(
      group,
      concat(prefixed(seed), new Writer().u16(i).finish(), prefixed(c), prefixed(evaluated[i] ?? c), utf8('Composite')),
    ),
  );
}

const challenge = (group: Group, ...elements: readonly Uint8Array[]): Uint8Array =>
  hashToScalar(group, concat(...elements.map(prefixed), utf8('Challenge')));

/** RFC 9497 §3.3.2 Finalize for a batch: 64 octets for each input. The proof is verified first: `evaluation-invalid`. */
export function finalize(group: Group, state: BlindState, publicKey: Uint8Array, answer: Evaluation): Uint8Array[] {
  verifyProof(group, publicKey, state.blinded, answer);
  return state.inputs.map((input, i) => {
    const inverse = group.scalar.inv(state.blinds[i] ?? new Uint8Array(ELEMENT_OCTETS));
    const [unblinded = inverse] = group.mulMany(inverse, [answer.evaluated[i] ?? inverse]);
    return group.sha512(concat(prefixed(input), prefixed(unblinded), utf8('Finalize')));
  });
}
