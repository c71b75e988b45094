// The log's leaf for one epoch (§6.3): eight lines of text, each ended by LF, with one spelling only.
//
//   whereabouts/epoch/v1
//   <origin>
//   epoch <decimal>
//   time <milliseconds since 1970>
//   depth <d>
//   map <base64 map root>
//   changes <count> <base64 changesRoot>
//   config <base64 SHA-256 of the config text>
//
// Does not compare an epoch with the one before or with the clock: verify-epoch.ts and audit.ts do.
import { WhereaboutsError, failAsSync } from '../errors.ts';
import { formatBase64, parseUtf8, utf8 } from '../wire.ts';
import { parseDecimal, parseField, parseHash, parseLines } from './lines.ts';

export interface EpochLeaf {
  readonly origin: string;
  /** Also the leaf's index in the log. */
  readonly epoch: number;
  /** Milliseconds since 1970, strictly increasing. */
  readonly time: number;
  readonly depth: number;
  readonly mapRoot: Uint8Array;
  readonly changes: number;
  readonly changesRoot: Uint8Array;
  /** SHA-256 of the config text. */
  readonly config: Uint8Array;
}

const HEADER = 'whereabouts/epoch/v1';

export const formatEpochLeaf = (leaf: EpochLeaf): Uint8Array =>
  utf8(
    [
      HEADER,
      leaf.origin,
      `epoch ${leaf.epoch}`,
      `time ${leaf.time}`,
      `depth ${leaf.depth}`,
      `map ${formatBase64(leaf.mapRoot)}`,
      `changes ${leaf.changes} ${formatBase64(leaf.changesRoot)}`,
      `config ${formatBase64(leaf.config)}`,
      '',
    ].join('\n'),
  );

/** A log leaf; anything but exactly these lines throws `epoch-invalid`. */
export const parseEpochLeaf = (octets: Uint8Array): EpochLeaf =>
  failAsSync('epoch-invalid', 'the log leaf is not that of an epoch', () => {
    const [header, origin, epoch, time, depth, map, changes, config, ...more] = parseLines(parseUtf8(octets));
    if (header !== HEADER || origin === undefined || origin === '' || more.length > 0)
      throw new WhereaboutsError('epoch-invalid', 'not eight lines');
    const [count, changesRoot, ...rest] = parseField(changes, 'changes').split(' ');
    if (count === undefined || changesRoot === undefined || rest.length > 0)
      throw new WhereaboutsError('epoch-invalid', 'not a count and a root');
    const leaf: EpochLeaf = {
      origin,
      epoch: parseDecimal(parseField(epoch, 'epoch')),
      time: parseDecimal(parseField(time, 'time')),
      depth: parseDecimal(parseField(depth, 'depth')),
      mapRoot: parseHash(parseField(map, 'map')),
      changes: parseDecimal(count),
      changesRoot: parseHash(changesRoot),
      config: parseHash(parseField(config, 'config')),
    };
    // §6.1: 0 ≤ d ≤ 32
    if (leaf.depth > 32) throw new WhereaboutsError('epoch-invalid', 'no such depth');
    return leaf;
  });
