// Change lists (§6.2) as an outsider reads them: name ‖ holder ‖ new, 96 octets each, zeros where a record left.
import { formatB64u } from '../../src/protocol/wire.ts';

export const CHANGE_OCTETS = 96;

/** Names of the records that left, b64u. */
export function readRemovals(octets: Uint8Array): string[] {
  const changes = Array.from({ length: octets.length / CHANGE_OCTETS }, (_, i) =>
    octets.subarray(i * CHANGE_OCTETS, (i + 1) * CHANGE_OCTETS),
  );
  return changes
    .filter((change) => change.subarray(64).every((octet) => octet === 0))
    .map((change) => formatB64u(change.subarray(0, 32)));
}
