// libsodium as the system has it, called through koffi: the peer that says what WebAssembly costs. Not part of the product.
import koffi from 'koffi';
import type { Group } from '../src/protocol/group.ts';
import { createSodiumGroup, type Sodium } from '../src/protocol/group-sodium.ts';

const NAMES = ['libsodium.so.26', 'libsodium.so.23', 'libsodium.so', 'libsodium.dylib', 'libsodium.dll'];
const MEMORY = 65_536;

/** Undefined where the system has no libsodium. */
export function openNativeGroup(): Group | undefined {
  const library = NAMES.reduce<ReturnType<typeof koffi.load> | undefined>((found, name) => {
    try {
      return found ?? koffi.load(name);
    } catch {
      return undefined;
    }
  }, undefined);
  if (library === undefined) return undefined;
  const heap = new Uint8Array(MEMORY);
  let end = 0;
  const at = (address: number): Uint8Array => heap.subarray(address);
  const call = (name: string, ...pointers: string[]) =>
    library.func(name, 'int', pointers) as (...args: unknown[]) => number;
  // Addresses: arrays would be copied.
  const OUT = 'void *';
  const IN = 'void *';
  const binary = (name: string) => {
    const f = call(name, OUT, IN, IN);
    return (out: number, a: number, b: number) => f(at(out), at(a), at(b));
  };
  const unary = (name: string) => {
    const f = call(name, OUT, IN);
    return (out: number, a: number) => f(at(out), at(a));
  };
  const valid = call('crypto_core_ristretto255_is_valid_point', IN);
  const sha512 = call('crypto_hash_sha512', OUT, IN, 'uint64_t');
  const sodium: Sodium = {
    HEAPU8: heap,
    _sodium_init: call('sodium_init'),
    _malloc: (octets) => (end += octets) - octets,
    _free: () => undefined,
    _crypto_scalarmult_ristretto255: binary('crypto_scalarmult_ristretto255'),
    _crypto_scalarmult_ristretto255_base: unary('crypto_scalarmult_ristretto255_base'),
    _crypto_core_ristretto255_is_valid_point: (point) => valid(at(point)),
    _crypto_core_ristretto255_add: binary('crypto_core_ristretto255_add'),
    _crypto_core_ristretto255_from_hash: unary('crypto_core_ristretto255_from_hash'),
    _crypto_core_ristretto255_scalar_reduce: unary('crypto_core_ristretto255_scalar_reduce'),
    _crypto_core_ristretto255_scalar_mul: binary('crypto_core_ristretto255_scalar_mul'),
    _crypto_core_ristretto255_scalar_sub: binary('crypto_core_ristretto255_scalar_sub'),
    _crypto_core_ristretto255_scalar_invert: unary('crypto_core_ristretto255_scalar_invert'),
    _crypto_hash_sha512: (out, octets, low) => sha512(at(out), at(octets), low),
  };
  return createSodiumGroup(sodium);
}
