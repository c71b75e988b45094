// Which logs a witness knows, and the keys it trusts for each: pinned by the operator, or as the directory's own description
// says at the time. Fetches only descriptions of domains the operator named.
import type { Descriptions } from '../../client/descriptions.ts';
import { originOf } from '../../client/log-pin.ts';
import { KEY_TYPES, parseVkey, type NoteKey } from '../../protocol/log/vkey.ts';

/** A log by the verifier key that is pinned, or by its directory's domain. */
export type LogChoice = { readonly key: NoteKey } | { readonly domain: string };

/** Finds the keys of an origin; throws as `descriptions.fetch` where those of a known log cannot be told now. */
export function createKeyFinder(
  logs: readonly LogChoice[],
  descriptions: Pick<Descriptions, 'fetch'>,
): (origin: string) => Promise<readonly NoteKey[] | undefined> {
  return async (origin) => {
    // A pin wins: who pins a key does not want to be told another one.
    const pinned = logs.flatMap((log) => ('key' in log && log.key.name === origin ? [log.key] : []));
    if (pinned.length > 0) return pinned;
    const named = logs.find((log) => 'domain' in log && originOf(log.domain) === origin);
    if (named === undefined || !('domain' in named)) return undefined;
    const { directory } = await descriptions.fetch(named.domain);
    if (directory?.log === undefined) return [];
    const key = parseVkey(directory.log);
    // The origin is what the operator named; a key of another log is no key of this one.
    return key.type === KEY_TYPES.ed25519 && key.name === origin ? [key] : [];
  };
}
