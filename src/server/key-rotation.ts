// Changing the OPRF keys of a deployment (§10), purely: what is stored in, what is to be stored out; and in a running directory
// the list it evaluates with. Where they are stored is for a platform to know, what is announced for directory/sequencer/config.
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Group } from '../protocol/group.ts';
import { generateKeyPair, type Random } from '../protocol/oprf.ts';
import { formatB64u } from '../protocol/wire.ts';
import { openOprf, type OprfKey, type StoredKeys } from './keys.ts';

const refuse = (message: string): WhereaboutsError => new WhereaboutsError('config-invalid', message);

/** Adds a key, and gives the one there is an end, `until` (seconds). Throws `config-invalid` while one is being retired. */
export function rotateKeys(
  stored: StoredKeys,
  { group, random, until, now }: { group: Group; random: Random; until: number; now: number },
): StoredKeys {
  const [old, other] = stored.oprf;
  if (old === undefined || other !== undefined || old.until !== undefined)
    throw refuse('a key is being retired already: one rotation at a time');
  if (until <= now) throw refuse('the end of the old key must lie ahead');
  const { secret } = generateKeyPair(group, random);
  return { ...stored, oprf: [{ ...old, until }, { secret: formatB64u(secret) }] };
}

/** Moves the end of the key that is being retired; only ever later, for that is what everybody was promised. */
export function postponeKeys(stored: StoredKeys, { until, now }: { until: number; now: number }): StoredKeys {
  const retiring = stored.oprf.find((key) => key.until !== undefined);
  if (retiring?.until === undefined) throw refuse('no key is being retired');
  if (until <= retiring.until || until <= now) throw refuse('an end can only be moved later');
  return { ...stored, oprf: stored.oprf.map((key) => (key === retiring ? { ...key, until } : key)) };
}

/** Without the keys of these ids that have an end and are past it. */
export function dropKeys(
  stored: StoredKeys,
  { group, ids, now }: { group: Group; ids: ReadonlySet<string>; now: number },
): StoredKeys {
  const oprf = stored.oprf.filter(({ until, ...key }) => {
    if (until === undefined || until > now) return true;
    const [opened] = openOprf(group, { oprf: [key] });
    const isGone = opened !== undefined && ids.has(opened.id);
    opened?.secret.fill(0);
    return !isGone;
  });
  return { ...stored, oprf };
}

/** Puts `next` in place of what is in the list that is evaluated with; what is not in it any more is overwritten. */
export function replaceKeys(list: OprfKey[], next: readonly OprfKey[]): void {
  const gone = list.filter((key) => !next.includes(key));
  list.splice(0, list.length, ...next);
  for (const { secret } of gone) secret.fill(0);
}
