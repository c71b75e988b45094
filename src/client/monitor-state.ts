// What a monitor keeps between two runs, one text for each name: as far as the history was followed, and which records of the
// name it left there. Holds no identifier. Where texts are kept is pluggable.
import { z } from 'zod';
import { WhereaboutsError } from '../protocol/errors.ts';
import { parseJson } from '../protocol/json.ts';
import { formatHex, parseHex } from '../protocol/wire.ts';
import type { KnownChain } from './bucket-history.ts';

/** Where a monitor's texts are kept, by origin of the log and blinded name (b64u). */
export interface MonitorStore {
  find(origin: string, name: string): Promise<string | undefined>;
  save(origin: string, name: string, state: string): Promise<void>;
}

export interface MonitorState {
  readonly chain: KnownChain;
  /** The epoch in which all of this was verified. */
  readonly epoch: number;
  /** Records under the name then: leaf(entry) in hex, by holder in hex. */
  readonly present: ReadonlyMap<string, string>;
}

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const schema = z.strictObject({
  version: z.literal(1),
  depth: count,
  bucket: count,
  length: count,
  head: hex32,
  since: count,
  epoch: count,
  present: z.array(z.tuple([hex32, hex32])),
});

export const formatMonitorState = ({ chain, epoch, present }: MonitorState): string => {
  const { depth, bucket, length, head, since } = chain;
  return JSON.stringify({
    version: 1,
    depth,
    bucket,
    length,
    head: formatHex(head),
    since,
    epoch,
    present: [...present],
  });
};

/** Reads what `formatMonitorState` wrote; anything else is `config-invalid`. */
export function parseMonitorState(text: string): MonitorState {
  try {
    const { head, epoch, present, depth, bucket, length, since } = schema.parse(parseJson(text));
    return { chain: { depth, bucket, length, head: parseHex(head, 32), since }, epoch, present: new Map(present) };
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', 'what the monitor kept is damaged', { cause });
  }
}

export function createMemoryMonitorStore(): MonitorStore {
  const kept = new Map<string, string>();
  return {
    find: async (origin, name) => kept.get(`${origin} ${name}`),
    save: async (origin, name, state) => void kept.set(`${origin} ${name}`, state),
  };
}
