// ristretto255 by libsodium, compiled to WebAssembly: constant-time in the scalar, some ten times as fast as noble. The module is
// loaded by the platform; nothing here is asynchronous. Secrets do not stay in its memory.
import { WhereaboutsError } from './errors.ts';
import type { Group } from './group.ts';

/** What is used of `libsodium-sumo`: octets at addresses of its memory, -1 for what it refuses. */
export interface Sodium {
  /** A new array whenever the memory has grown. */
  readonly HEAPU8: Uint8Array;
  _sodium_init(): number;
  _malloc(octets: number): number;
  _free(at: number): void;
  _crypto_scalarmult_ristretto255(out: number, scalar: number, point: number): number;
  _crypto_scalarmult_ristretto255_base(out: number, scalar: number): number;
  _crypto_core_ristretto255_is_valid_point(point: number): number;
  _crypto_core_ristretto255_add(out: number, a: number, b: number): number;
  _crypto_core_ristretto255_from_hash(out: number, octets: number): number;
  _crypto_core_ristretto255_scalar_reduce(out: number, octets: number): void;
  _crypto_core_ristretto255_scalar_mul(out: number, a: number, b: number): void;
  _crypto_core_ristretto255_scalar_sub(out: number, a: number, b: number): void;
  _crypto_core_ristretto255_scalar_invert(out: number, a: number): number;
  _crypto_hash_sha512(out: number, octets: number, low: number, high: number): number;
}

const OCTETS = 32;
const WIDE = 64;
/** Hashed at once; expand_message of the longest input and a transcript of five elements are far below. */
const MESSAGE = 4_096;
/** 2²⁵² + 27742317777372353535851937790883648493, little-endian. */
const ORDER = Uint8Array.from(
  '1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed'.match(/../g) ?? [],
  (hex) => Number.parseInt(hex, 16),
).toReversed();

/** 1 where `a` is below the order, else 0; looks at every octet alike. */
function isReduced(a: Uint8Array): number {
  let borrow = 0;
  for (let i = 0; i < OCTETS; i++) borrow = (((a[i] ?? 0) - (ORDER[i] ?? 0) - borrow) >> 8) & 1;
  return borrow;
}

function isZero(a: Uint8Array): boolean {
  let any = 0;
  for (const octet of a) any |= octet;
  return any === 0;
}

/** The group over a loaded module; `internal-error` where that cannot be started. Whether it computes rightly: group-check.ts. */
export function createSodiumGroup(sodium: Sodium): Group {
  if (sodium._sodium_init() < 0) throw new WhereaboutsError('internal-error', 'libsodium cannot be started');
  const [k, p, q, sum, wide, text] = [OCTETS, OCTETS, OCTETS, OCTETS, WIDE, MESSAGE].map((octets) =>
    sodium._malloc(octets),
  ) as [number, number, number, number, number, number];
  const set = (octets: Uint8Array, at: number): number => {
    sodium.HEAPU8.set(octets, at);
    return at;
  };
  const get = (at: number, octets = OCTETS): Uint8Array => sodium.HEAPU8.slice(at, at + octets);
  const wipe = (at: number, octets = OCTETS): void => void sodium.HEAPU8.fill(0, at, at + octets);
  /** A canonical scalar, zero included. */
  const scalar = (octets: Uint8Array, at: number): number => {
    if (octets.length !== OCTETS || isReduced(octets) === 0)
      throw new WhereaboutsError('internal-error', 'not a scalar');
    return set(octets, at);
  };
  const factor = (octets: Uint8Array, at: number): number => {
    if (octets.length === OCTETS && isZero(octets)) throw new WhereaboutsError('internal-error', 'a zero scalar');
    return scalar(octets, at);
  };
  const invalid = (index: number): WhereaboutsError =>
    new WhereaboutsError('element-invalid', 'element is not canonical, or the identity', { extensions: { index } });
  /** An element that may be multiplied; whether it is one is found out by multiplying it. */
  const element = (octets: Uint8Array, at: number, index: number): number => {
    if (octets.length !== OCTETS || isZero(octets)) throw invalid(index);
    return set(octets, at);
  };
  const validElement = (octets: Uint8Array, at: number, index: number): number => {
    element(octets, at, index);
    if (sodium._crypto_core_ristretto255_is_valid_point(at) !== 1) throw invalid(index);
    return at;
  };
  const multiply = (at: number, index: number): void => {
    if (sodium._crypto_scalarmult_ristretto255(q, k, at) !== 0) throw invalid(index);
  };
  const combine = (a: Uint8Array, b: Uint8Array, how: (out: number, a: number, b: number) => void): Uint8Array => {
    try {
      how(q, scalar(a, k), scalar(b, p));
      return get(q);
    } finally {
      for (const at of [k, p, q]) wipe(at);
    }
  };
  return {
    name: 'libsodium-wasm',
    mulMany: (secret, points) => {
      try {
        factor(secret, k);
        return points.map((octets, index) => {
          multiply(element(octets, p, index), index);
          return get(q);
        });
      } finally {
        wipe(k);
      }
    },
    msm: (scalars, points) => {
      wipe(sum);
      for (const [index, octets] of points.entries()) {
        const weight = scalars[index] ?? new Uint8Array();
        validElement(octets, p, index);
        scalar(weight, k);
        if (isZero(weight)) continue;
        multiply(p, index);
        if (sodium._crypto_core_ristretto255_add(sum, sum, q) !== 0) throw invalid(index);
      }
      return get(sum);
    },
    mulBase: (secret) => {
      try {
        if (sodium._crypto_scalarmult_ristretto255_base(q, factor(secret, k)) !== 0)
          throw new WhereaboutsError('internal-error', 'a zero scalar');
        return get(q);
      } finally {
        wipe(k);
      }
    },
    add: (a, b) => {
      sodium._crypto_core_ristretto255_add(q, validElement(a, k, 0), validElement(b, p, 1));
      return get(q);
    },
    fromHash: (octets) => {
      sodium._crypto_core_ristretto255_from_hash(q, set(octets, wide));
      return get(q);
    },
    sha512: (octets) => {
      const room = octets.length <= MESSAGE ? text : sodium._malloc(octets.length);
      sodium._crypto_hash_sha512(wide, set(octets, room), octets.length, 0);
      wipe(room, octets.length);
      if (room !== text) sodium._free(room);
      return get(wide, WIDE);
    },
    scalar: {
      reduce: (octets) => {
        try {
          sodium._crypto_core_ristretto255_scalar_reduce(q, set(octets, wide));
          return get(q);
        } finally {
          wipe(wide, WIDE);
          wipe(q);
        }
      },
      mul: (a, b) => combine(a, b, (...at) => sodium._crypto_core_ristretto255_scalar_mul(...at)),
      sub: (a, b) => combine(a, b, (...at) => sodium._crypto_core_ristretto255_scalar_sub(...at)),
      inv: (a) => {
        try {
          sodium._crypto_core_ristretto255_scalar_invert(q, factor(a, k));
          return get(q);
        } finally {
          wipe(k);
          wipe(q);
        }
      },
      isValid: (a) => a.length === OCTETS && isReduced(a) === 1 && !isZero(a),
    },
  };
}
