// The group ristretto255 as octets (RFC 9496), so that RFC 9497 is written once and back ends can be exchanged.
// Elements and scalars are 32 octets; scalars little-endian.

/** Which back end for a batch of so many elements: where another has to be loaded, a few are not worth it. */
export type GroupSource = (elements: number) => Group | Promise<Group>;

export interface Group {
  readonly name: 'noble' | 'libsodium-wasm';
  /**
   * k·P for each P, constant-time in k where the back end can. Throws `element-invalid` with `index` for an encoding that
   * is not canonical or is the identity.
   */
  mulMany(k: Uint8Array, points: readonly Uint8Array[]): Uint8Array[];
  /** Σ sᵢ·Pᵢ of public values, in variable time. */
  msm(scalars: readonly Uint8Array[], points: readonly Uint8Array[]): Uint8Array;
  mulBase(k: Uint8Array): Uint8Array;
  add(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** Element derivation of RFC 9496 §4.3.4 from 64 octets. */
  fromHash(octets: Uint8Array): Uint8Array;
  sha512(octets: Uint8Array): Uint8Array;
  readonly scalar: {
    /** 64 octets, little-endian, modulo the group order. */
    reduce(octets: Uint8Array): Uint8Array;
    mul(a: Uint8Array, b: Uint8Array): Uint8Array;
    sub(a: Uint8Array, b: Uint8Array): Uint8Array;
    inv(a: Uint8Array): Uint8Array;
    /** Canonical and not zero. */
    isValid(a: Uint8Array): boolean;
  };
}
