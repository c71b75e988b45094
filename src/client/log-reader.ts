// A directory's log as it is served (§6.3, §6.5): checkpoint, tiles, change lists. Verifies nothing: who reads does.
import { WhereaboutsError, failAs, type Code } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { CHANGE_OCTETS } from '../protocol/log/changes.ts';
import { HASH_OCTETS } from '../protocol/log/hash.ts';
import { entriesTile, formatTilePath, parseEntries, parseTilePath, type Tile } from '../protocol/log/tile.ts';
import { parseUtf8 } from '../protocol/wire.ts';
import { call, type CallParts } from './call.ts';

export interface LogReader {
  /** The newest checkpoint, a note. */
  readCheckpoint(): Promise<string>;
  /** A tile of hashes by its path below the log's prefix. */
  readTile(path: string): Promise<Uint8Array>;
  /** Log leaves from epoch `from` on, as many as one tile of a log of `size` entries holds. */
  readLeaves(from: number, size: number): Promise<readonly Uint8Array[]>;
  /** The change list of an epoch that has `count` changes. */
  readChanges(epoch: number, count: number): Promise<Uint8Array>;
}

const TILE = 256;
/** A leaf has some 300 octets, most of it hashes; its origin is a domain. */
const LEAF_OCTETS = 1_024;

/** The longest list that is read, some 700,000 changes, and how many more than announced: too many is a fault to be named. */
const LIST_OCTETS = 67_108_864;
const SPARE = 64;

const TOLD: ReadonlySet<Code> = new Set(['overloaded', 'peer-unreachable', 'quota-exceeded', 'url-refused']);

const isAbsent = ({ cause }: WhereaboutsError): boolean =>
  cause instanceof WhereaboutsError && cause.code === 'path-unknown';

/** The log below `api`, the base URL of a directory. */
export function createLogReader(parts: CallParts, api: () => Promise<string>): LogReader {
  const get = async (path: string, accept: string, maxOctets: number): Promise<Uint8Array> => {
    const url = `${(await api()).replace(/\/+$/, '')}${path}`;
    try {
      return await call(parts, { url, until: parts.clock() + LIMITS.fetchMilliseconds, accept, maxOctets });
    } catch (cause) {
      // Whatever a server says of itself with a code of its own choice: nothing was read, and so nothing found wrong.
      if (cause instanceof WhereaboutsError && !TOLD.has(cause.code))
        throw new WhereaboutsError('peer-unreachable', 'the directory does not serve its log', { cause });
      throw cause;
    }
  };
  const getOctets = (path: string, maxOctets: number) => get(path, 'application/octet-stream', maxOctets);

  /** A partial tile may be gone once the full one is there (tlog-tiles, "Partial Tiles"): then that begins with it. */
  const getTile = async (tile: Tile, maxOctets: number): Promise<{ octets: Uint8Array; width: number }> => {
    const { width } = tile;
    try {
      return { octets: await getOctets(`/log/${formatTilePath(tile)}`, maxOctets), width };
    } catch (error) {
      if (width === TILE || !(error instanceof WhereaboutsError) || !isAbsent(error)) throw error;
      return { octets: await getOctets(`/log/${formatTilePath({ ...tile, width: TILE })}`, maxOctets), width: TILE };
    }
  };

  const getEntries = async (tile: Tile): Promise<Uint8Array[]> => {
    const { octets, width } = await getTile(tile, TILE * LEAF_OCTETS);
    return failAs('inclusion-invalid', 'a tile of the log is cut off', () =>
      parseEntries(octets, width).slice(0, tile.width),
    );
  };

  return {
    readCheckpoint: async () => {
      const octets = await get('/log/checkpoint', 'text/plain', LIMITS.bundleOctets);
      return failAs('checkpoint-invalid', 'the checkpoint is no text', () => parseUtf8(octets));
    },
    readTile: async (path) => {
      const tile = parseTilePath(path);
      return (await getTile(tile, TILE * HASH_OCTETS)).octets.subarray(0, tile.width * HASH_OCTETS);
    },
    readLeaves: async (from, size) => (await getEntries(entriesTile(from, size))).slice(from % TILE),
    readChanges: (epoch, count) =>
      getOctets(`/v1/epochs/${epoch}/changes`, Math.min(LIST_OCTETS, (count + SPARE) * CHANGE_OCTETS)),
  };
}
