// did:plc: the public logs, then every member and every signature of them changed.
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { replayPlc } from '../../src/evidence/plc/audit-log.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import type { Json } from '../../src/protocol/json.ts';
import { formatB64u, parseB64u } from '../../src/protocol/wire.ts';
import { foreignPath, foreignVector, NO_FOREIGN } from '../support/vectors.ts';
import { mutants } from './mutate.ts';
import { IS_LONG } from '../support/long.ts';

type Log = {
  did: string;
  operation: { sig: string; [member: string]: Json };
  cid: string;
  nullified: boolean;
  createdAt: string;
}[];

const folder = foreignPath('did-plc/valid');
const list = (kind: string): string[] =>
  folder === undefined ? [] : readdirSync(foreignPath(`did-plc/${kind}`) ?? '');
const load = (name: string): Log => foreignVector<Log>(`did-plc/${name}`) ?? [];
const didOf = (log: Log): string => log[0]?.did ?? '';

function reasonOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof WhereaboutsError && error.code === 'import-invalid') return error.extensions['reason'];
    throw error;
  }
}

/** Each file is named for its one sin. */
const SINS: Readonly<Record<string, string>> = {
  'log_invalid_nullification_reused_key.json': 'recovery-weak',
  'log_invalid_sig_b64_newline.json': 'signature',
  'log_invalid_sig_b64_padding_chars.json': 'signature',
  'log_invalid_sig_k256_high_s.json': 'signature',
  'log_invalid_update_nullified.json': 'previous-other',
};

describe.skipIf(folder === undefined)(`public audit logs (or ${NO_FOREIGN})`, () => {
  test('valid ones', () => {
    const names = list('valid');
    expect(names).toHaveLength(5);
    const seen = names.toSorted().map((name) => {
      const log = load(`valid/${name}`);
      const { operations, nullified, data } = replayPlc(log, didOf(log));
      return [name, operations, nullified, data === undefined ? 'ended' : data.alsoKnownAs[0]];
    });
    expect(seen).toEqual([
      ['log_bnewbold_robocracy.json', 2, 0, 'at://bnewbold.robocracy.org'],
      ['log_duplicate_rotation_keys.json', 1, 0, undefined],
      ['log_legacy_dholms.json', 5, 0, 'at://dholms.xyz'],
      ['log_nullification_at_exactly_72h.json', 4, 1, 'at://op3'],
      ['log_nullified_tombstone.json', 4, 1, 'at://op3'],
    ]);
  });

  test('invalid ones, each for its sin', () => {
    const names = list('invalid');
    expect(names.toSorted()).toEqual(Object.keys(SINS));
    for (const name of names) {
      const log = load(`invalid/${name}`);
      expect(
        reasonOf(() => replayPlc(log, didOf(log))),
        name,
      ).toBe(SINS[name]);
    }
  });

  test('one millisecond after 72 hours', () => {
    const log = load('valid/log_nullification_at_exactly_72h.json');
    const late = log.map((entry) =>
      entry === log.at(-1) ? { ...entry, createdAt: new Date(Date.parse(entry.createdAt) + 1).toISOString() } : entry,
    );
    expect(reasonOf(() => replayPlc(late, didOf(log)))).toBe('recovery-late');
  });

  test('every member of every entry', () => {
    let [tried, harmless] = [0, 0];
    for (const name of IS_LONG ? list('valid') : ['log_bnewbold_robocracy.json', 'log_nullified_tombstone.json']) {
      const log = load(`valid/${name}`);
      const { head, ...genuine } = replayPlc(log, didOf(log));
      for (const { what, value } of mutants(log)) {
        const result = ((): ReturnType<typeof replayPlc> | undefined => {
          try {
            return replayPlc(value, didOf(log));
          } catch (error) {
            if (error instanceof WhereaboutsError) return undefined;
            throw error;
          }
        })();
        tried++;
        if (result === undefined) continue;
        harmless++;
        // The time is the directory's word, which nobody signed; no operation names the last one, or one that was undone.
        if (what.endsWith('/createdAt changed'))
          expect({ ...result, head: undefined }, what).toEqual({ ...genuine, head: undefined });
        else {
          const free = log.flatMap((entry, at) => (entry.nullified || at === log.length - 1 ? [`/${at} dropped`] : []));
          expect(free, name).toContain(what);
        }
      }
      expect(head.cid).toBe(log.at(-1)?.cid);
    }
    expect(tried).toBeGreaterThan(100);
    expect(harmless).toBeLessThan(25);
  });

  test('every octet of a signature, and its twin with the other s', () => {
    const log = load('valid/log_bnewbold_robocracy.json');
    const genuine = parseB64u(log[1]?.operation.sig ?? '');
    const withSig = (sig: Uint8Array) =>
      log.map((entry, at) =>
        at === 1 ? { ...entry, operation: { ...entry.operation, sig: formatB64u(sig) } } : entry,
      );
    for (const [at] of genuine.entries()) {
      const flipped = Uint8Array.from(genuine);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect(
        reasonOf(() => replayPlc(withSig(flipped), didOf(log))),
        `octet ${at}`,
      ).toBeDefined();
    }
    for (const { Point } of [secp256k1, p256]) {
      const s = BigInt(`0x${Buffer.from(genuine.subarray(32)).toString('hex')}`);
      const twin = (Point.Fn.ORDER - (s % Point.Fn.ORDER)).toString(16).padStart(64, '0');
      const sig = Uint8Array.from([...genuine.subarray(0, 32), ...Buffer.from(twin, 'hex')]);
      expect(reasonOf(() => replayPlc(withSig(sig), didOf(log)))).toBeDefined();
    }
  });

  test('another DID’s log, entries in another order, and no log', () => {
    const log = load('valid/log_legacy_dholms.json');
    expect(reasonOf(() => replayPlc(log, 'did:plc:7iqnimg5hvigsckpbqrqktoh'))).toBe('owner-other');
    expect(reasonOf(() => replayPlc(log.toReversed(), didOf(log)))).toBeDefined();
    const [first] = log;
    expect(
      reasonOf(() =>
        replayPlc(
          log.map((entry) => ({ ...entry, did: 'did:plc:7iqnimg5hvigsckpbqrqktoh' })),
          'did:plc:7iqnimg5hvigsckpbqrqktoh',
        ),
      ),
    ).toBe('genesis-other');
    for (const value of [null, [], {}, [first, 1], [{ ...first, more: 1 }]])
      expect(reasonOf(() => replayPlc(value as Json, didOf(log)))).toBe('syntax');
  });
});
