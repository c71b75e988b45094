// What is said between the pool and its threads (evaluation-pool.ts, evaluation-worker.ts).
import type { Code } from '../../protocol/errors.ts';

export const ELEMENT_OCTETS = 32;

/** Elements stand one after the other, 32 octets each. */
export interface Task {
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly publicKey: Uint8Array;
  readonly blinded: Uint8Array;
}

export type Answer =
  { readonly evaluated: Uint8Array; readonly proof: Uint8Array } | { readonly code: Code; readonly index?: number };

export const splitElements = (octets: Uint8Array): Uint8Array[] =>
  Array.from({ length: octets.length / ELEMENT_OCTETS }, (_, i) =>
    octets.subarray(i * ELEMENT_OCTETS, (i + 1) * ELEMENT_OCTETS),
  );
