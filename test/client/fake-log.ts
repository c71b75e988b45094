// A directory's log as files: whatever leaves and change lists it is given, signed and served as §6.3 and §6.5 say.
import type { SafeFetch } from '../../src/evidence/safe-fetch.ts';
import type { Change } from '../../src/protocol/log/changes.ts';
import { formatCheckpoint } from '../../src/protocol/log/checkpoint.ts';
import { leafHash, sha256 } from '../../src/protocol/log/hash.ts';
import { memoryTree, treeRoot } from '../../src/protocol/log/merkle.ts';
import { formatNote, signNote } from '../../src/protocol/log/note.ts';
import { formatEntries, formatTile, isTileOf, parseTilePath } from '../../src/protocol/log/tile.ts';
import type { LogPolicy } from '../../src/protocol/log/verify-epoch.ts';
import { utf8 } from '../../src/protocol/wire.ts';
import { Directory } from '../protocol/log/directory.ts';
import { importSigner } from '../protocol/log/signers.ts';

export interface FakeEpoch {
  readonly leaf: Uint8Array;
  readonly list: Uint8Array;
}

export interface FakeLog {
  readonly policy: LogPolicy;
  /** A checkpoint of the first `size` epochs. */
  sign(size?: number): Promise<string>;
  readonly fetch: SafeFetch;
  /** Paths asked for, in order. */
  readonly asked: string[];
  /** Replies by path in place of the right ones; an error is thrown. */
  readonly instead: Map<string, Uint8Array | Error>;
  /** What /log/checkpoint shows; all epochs unless set. */
  shown: number | undefined;
}

export async function serveLog(origin: string, epochs: readonly FakeEpoch[], seed = 'log of a test'): Promise<FakeLog> {
  const signer = await importSigner(origin, sha256(utf8(seed)));
  const asked: string[] = [];
  const instead = new Map<string, Uint8Array | Error>();
  // Read anew each time: tests append epochs.
  const tree = () => memoryTree(epochs.map(({ leaf }) => leafHash(leaf)));
  const sign = async (size = epochs.length): Promise<string> => {
    const text = formatCheckpoint({ origin, size, root: treeRoot(size, tree()) });
    return formatNote(text, [await signNote(text, signer)]);
  };
  const find = async (path: string): Promise<Uint8Array | undefined> => {
    if (path === '/log/checkpoint') return utf8(await sign(log.shown));
    const [, epoch] = /^\/v1\/epochs\/(\d+)\/changes$/.exec(path) ?? [];
    if (epoch !== undefined) return epochs[Number(epoch)]?.list;
    const tile = parseTilePath(path.replace(/^\/log\//, ''));
    if (!isTileOf(tile, epochs.length)) return undefined;
    if (tile.level !== 'entries') return formatTile(tile, tree());
    const first = Number(tile.index) * 256;
    return formatEntries(epochs.slice(first, first + tile.width).map(({ leaf }) => leaf));
  };
  const log: FakeLog = {
    policy: { origin, log: signer.key, witnesses: [], quorum: 0 },
    sign,
    asked,
    instead,
    shown: undefined,
    fetch: async (address) => {
      const url = new URL(address);
      asked.push(url.pathname);
      const other = instead.get(url.pathname);
      if (other instanceof Error) throw other;
      const body = other ?? (await find(url.pathname));
      if (body !== undefined) return { status: 200, headers: new Headers(), body, url };
      const problem = JSON.stringify({ code: 'path-unknown', status: 404 });
      const headers = new Headers({ 'content-type': 'application/problem+json' });
      return { status: 404, headers, body: utf8(problem), url };
    },
  };
  return log;
}

export const ORIGIN = 'directory.example/whereabouts';

/** A history of `count` epochs: records come and go, the depth grows and shrinks. */
export function makeHistory(count: number): FakeEpoch[] {
  const directory = new Directory(ORIGIN, sha256(utf8('config')));
  const change = (n: number, entry: string | undefined): Change => ({
    name: sha256(utf8(`name ${n % 40}`)),
    holder: sha256(utf8('holder')),
    new: entry === undefined ? new Uint8Array(32) : leafHash(utf8(entry)),
  });
  return Array.from({ length: count }, (_, n) => {
    const depth = directory.depth ?? 4;
    const now = 1_789_000_000_000 + 1000 * n;
    const { logLeaf } =
      n % 50 === 49
        ? directory.changeDepth(depth === 4 ? 5 : 4, now)
        : directory.change([change(n, n >= 50 && n < 90 && n % 3 === 0 ? undefined : `entry ${n}`)], now, depth);
    return { leaf: logLeaf, list: directory.changeList };
  });
}
