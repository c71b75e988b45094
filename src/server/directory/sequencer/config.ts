// Which configuration an epoch commits to (§6.3, §10). A text takes effect with an epoch and never comes back: of instances
// that run with different keys during a rotation, the one with the old keys must not undo what the other announced.
import { sha256 } from '@noble/hashes/sha2.js';
import { parseConfigText } from '../../../protocol/config-text.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { compareOctets, utf8 } from '../../../protocol/wire.ts';
import type { DirectoryContext } from '../../context.ts';
import { findConfig, type StoredConfig } from '../../store/configs.ts';
import { configText, currentKeys } from '../keys.ts';

export interface EpochConfig {
  /** SHA-256 of the text. */
  readonly hash: Uint8Array;
  /** The text, where it is new with this epoch. */
  readonly text?: string;
  /** Ids of keys that end with this epoch: their records leave with it. */
  readonly retired: readonly string[];
}

/** The configuration of the next epoch; `last` is that of the newest one. */
export async function chooseConfig(ctx: DirectoryContext, last: Uint8Array | undefined): Promise<EpochConfig> {
  if (currentKeys(ctx).length === 0) {
    if (last === undefined) throw new WhereaboutsError('config-invalid', 'no OPRF key is in use');
    return { hash: last, retired: [] };
  }
  const text = configText(ctx);
  const hash = sha256(utf8(text));
  if (last === undefined) return { hash, text, retired: [] };
  if (compareOctets(hash, last) === 0) return { hash, retired: [] };
  const [before, known] = await Promise.all([findConfig(ctx.db, last), findConfig(ctx.db, hash)]);
  if (known !== undefined && known.firstEpoch <= (before?.firstEpoch ?? 0)) return { hash: last, retired: [] };
  return { hash, text, retired: retiredKeys(before, text) };
}

function retiredKeys(before: StoredConfig | undefined, text: string): string[] {
  if (before === undefined) return [];
  const stays = new Set(parseConfigText(text).keys.map(({ id }) => id));
  return parseConfigText(before.text)
    .keys.map(({ id }) => id)
    .filter((id) => !stays.has(id));
}
