// ristretto255 by @noble/curves: portable, audited, the oracle for every other back end.
// Its multiply of a non-base point is not blinded (crypto.md §1): keys must be full-width, as key generation makes them.
import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { WhereaboutsError } from './errors.ts';
import type { Group } from './group.ts';

const { Point } = ristretto255;
const { Fn } = Point;
type NoblePoint = InstanceType<typeof Point>;

const SCALAR_OCTETS = 32;

function decode(octets: Uint8Array, index: number): NoblePoint {
  let point: NoblePoint;
  try {
    point = Point.fromBytes(octets);
  } catch (cause) {
    throw new WhereaboutsError('element-invalid', 'element is not canonical', { cause, extensions: { index } });
  }
  // RFC 9497 §3.3: the identity MUST be rejected.
  if (point.is0()) throw new WhereaboutsError('element-invalid', 'element is the identity', { extensions: { index } });
  return point;
}

/** Little-endian octets as a number. */
function integer(octets: Uint8Array): bigint {
  let value = 0n;
  for (let i = octets.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(octets[i] ?? 0);
  return value;
}

/** A canonical scalar, zero included; noble's own error is not kept as cause, the octets may be a key. */
function read(octets: Uint8Array): bigint {
  const value = integer(octets);
  if (octets.length !== SCALAR_OCTETS || value >= Fn.ORDER)
    throw new WhereaboutsError('internal-error', 'not a scalar');
  return value;
}

/** A canonical scalar that may multiply: zero would make every element the identity. */
function readFactor(octets: Uint8Array): bigint {
  const value = read(octets);
  if (value === 0n) throw new WhereaboutsError('internal-error', 'a zero scalar');
  return value;
}

/** RFC 9496 §4.3.4. */
function derive(octets: Uint8Array): NoblePoint {
  const point = ristretto255_hasher.deriveToCurve?.(octets);
  if (point === undefined) throw new WhereaboutsError('internal-error', 'the library cannot derive elements');
  return point;
}

export const nobleGroup: Group = {
  name: 'noble',
  mulMany: (k, points) => {
    const scalar = readFactor(k);
    return points.map((octets, index) => decode(octets, index).multiply(scalar).toBytes());
  },
  msm: (scalars, points) => mulAddUnsafe(Point, points.map(decode), scalars.map(read)).toBytes(),
  mulBase: (k) => Point.BASE.multiply(readFactor(k)).toBytes(),
  add: (a, b) => decode(a, 0).add(decode(b, 1)).toBytes(),
  fromHash: (octets) => derive(octets).toBytes(),
  sha512: (octets) => sha512(octets),
  scalar: {
    reduce: (octets) => Fn.toBytes(Fn.create(integer(octets))),
    mul: (a, b) => Fn.toBytes(Fn.mul(read(a), read(b))),
    sub: (a, b) => Fn.toBytes(Fn.sub(read(a), read(b))),
    inv: (a) => Fn.toBytes(Fn.inv(readFactor(a))),
    isValid: (a) => {
      if (a.length !== SCALAR_OCTETS) return false;
      const value = integer(a);
      return value > 0n && value < Fn.ORDER;
    },
  },
};
