// Proofs that stand alone (c2sp.org/tlog-proof): index, inclusion proof and checkpoint in one text. Parses and formats them;
// verify-epoch.ts and verify-bundle.ts check them.
import { WhereaboutsError, failAsSync } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { formatBase64, parseBase64 } from '../wire.ts';
import { parseDecimal, parseField, parseHash } from './lines.ts';

export interface TlogProof {
  readonly extra?: Uint8Array;
  readonly index: number;
  /** From the leaf's sibling up. */
  readonly hashes: readonly Uint8Array[];
  /** A signed note, as it was given. */
  readonly checkpoint: string;
}

const HEADER = 'c2sp.org/tlog-proof@v1';

export function formatTlogProof({ extra, index, hashes, checkpoint }: TlogProof): string {
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${formatBase64(extra)}`]),
    `index ${index}`,
    ...hashes.map(formatBase64),
    '',
  ];
  return `${lines.join('\n')}\n${checkpoint}`;
}

/** A proof's text; anything else throws `bundle-invalid`. */
export const parseTlogProof = (text: string): TlogProof =>
  failAsSync('bundle-invalid', 'not a tlog-proof', () => {
    if (text.length > LIMITS.bundleOctets) throw new WhereaboutsError('bundle-invalid', 'a proof too long to be read');
    const split = text.indexOf('\n\n');
    if (split === -1) throw new WhereaboutsError('bundle-invalid', 'no checkpoint');
    const lines = text.slice(0, split).split('\n');
    if (lines.shift() !== HEADER) throw new WhereaboutsError('bundle-invalid', 'another kind of proof');
    const extra = lines[0]?.startsWith('extra ') === true ? parseBase64(parseField(lines.shift(), 'extra')) : undefined;
    const index = parseDecimal(parseField(lines.shift(), 'index'));
    if (lines.length > LIMITS.proofHashes) throw new WhereaboutsError('bundle-invalid', 'too many hashes');
    const proof = { index, hashes: lines.map(parseHash), checkpoint: text.slice(split + 2) };
    return extra === undefined ? proof : { extra, ...proof };
  });
