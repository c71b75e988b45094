// Which keys a witness believes for a log: a pin before what a description says, a description's only where it is of that log.
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test, vi } from 'vitest';
import type { Descriptions } from '../../../src/client/descriptions.ts';
import { WhereaboutsError } from '../../../src/protocol/errors.ts';
import { createVkey, formatVkey, KEY_TYPES, type NoteKey } from '../../../src/protocol/log/vkey.ts';
import { createKeyFinder, type LogChoice } from '../../../src/server/witness/logs.ts';

const DOMAIN = 'directory.example';
const ORIGIN = `${DOMAIN}/whereabouts`;
const keyOf = (name: string, fill: number, type: number = KEY_TYPES.ed25519): NoteKey =>
  createVkey(name, type as NoteKey['type'], ed25519.getPublicKey(new Uint8Array(32).fill(fill)));
const own = keyOf(ORIGIN, 1);
const other = keyOf('other.example/whereabouts', 2);

/** What is found for the origin, and whose descriptions were fetched for it. */
async function find(logs: readonly LogChoice[], described?: NoteKey | Error) {
  const fetch = vi.fn(async () => {
    if (described instanceof Error) throw described;
    return { version: 1, domain: DOMAIN, ...(described && { directory: { api: '', log: formatVkey(described) } }) };
  });
  const finder = createKeyFinder(logs, { fetch } as unknown as Pick<Descriptions, 'fetch'>);
  return { keys: await finder(ORIGIN), fetched: fetch.mock.calls.flat() };
}

describe('the keys of a log', () => {
  test('that is pinned: the pins, all of them, whatever its description says', async () => {
    const second = keyOf(ORIGIN, 3);
    const logs = [{ key: own }, { key: other }, { key: second }, { domain: DOMAIN }];
    expect(await find(logs, keyOf(ORIGIN, 4))).toEqual({ keys: [own, second], fetched: [] });
  });

  test('that is named by its domain: the one of its description, of that domain alone', async () => {
    const logs = [{ domain: 'other.example' }, { key: other }, { domain: DOMAIN }];
    expect(await find(logs, own)).toEqual({ keys: [own], fetched: [DOMAIN] });
  });

  test('that nobody chose: unknown, and nothing is fetched', async () => {
    for (const logs of [[], [{ key: other }], [{ domain: 'other.example' }], [{ key: other }, { domain: 'o.example' }]])
      expect(await find(logs, own)).toEqual({ keys: undefined, fetched: [] });
  });

  test('whose description names none, one of another log, or one that signs no checkpoints: none', async () => {
    const logs = [{ domain: DOMAIN }];
    for (const described of [undefined, other, keyOf(ORIGIN, 5, KEY_TYPES.cosignature)])
      expect(await find(logs, described)).toEqual({ keys: [], fetched: [DOMAIN] });
  });

  test('whose description cannot be had now: not unknown, but trouble', async () => {
    const away = new WhereaboutsError('peer-unreachable', 'away');
    await expect(find([{ domain: DOMAIN }], away)).rejects.toBe(away);
  });
});
