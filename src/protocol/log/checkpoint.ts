// Checkpoints (c2sp.org/tlog-checkpoint): the text of a log's note. What signatures a reader wants is verify-epoch.ts.
import { WhereaboutsError, failAsSync } from '../errors.ts';
import { formatBase64 } from '../wire.ts';
import { parseDecimal, parseHash, parseLines } from './lines.ts';

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The text a log signs: no extension lines, ever (§6.3). */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${formatBase64(root)}\n`;

/** A checkpoint of any log, with its extension lines: what a witness reads. Throws `checkpoint-invalid`. */
export const parseAnyCheckpoint = (text: string): Checkpoint & { readonly extensions: readonly string[] } =>
  failAsSync('checkpoint-invalid', 'not a checkpoint', () => {
    const [origin, size, root, ...extensions] = parseLines(text);
    if (origin === undefined || size === undefined || root === undefined || origin === '' || extensions.includes(''))
      throw new WhereaboutsError('checkpoint-invalid', 'not three lines');
    return { origin, size: parseDecimal(size), root: parseHash(root), extensions };
  });

/** A directory's checkpoint: as any other, and no extension lines (§6.3). Throws `checkpoint-invalid`. */
export function parseCheckpoint(text: string): Checkpoint {
  const { extensions, ...checkpoint } = parseAnyCheckpoint(text);
  if (extensions.length > 0) throw new WhereaboutsError('checkpoint-invalid', 'a checkpoint with extension lines');
  return checkpoint;
}
