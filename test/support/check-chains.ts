// The whole-state checker of identity chains: every row follows from the links, and the links follow one another.
import { sha256 } from '@noble/hashes/sha2.js';
import { expect } from 'vitest';
import { bucketNumber } from '../../src/protocol/bucket.ts';
import { chainName } from '../../src/protocol/chain/names.ts';
import { verifyChain } from '../../src/protocol/chain/replay.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { formatB64u, formatHex, parseUtf8, utf8 } from '../../src/protocol/wire.ts';
import { chainAccounts, chainLinks, chains } from '../../src/server/store/chain-schema.ts';
import type { Db } from '../../src/server/store/database.ts';
import * as schema from '../../src/server/store/schema.ts';

/** Far in the future: when links were signed is not asked here. */
const LATE = 4_000_000_000;

/** Throws unless links, chains and accounts tell one story. */
export async function checkChains(db: Db): Promise<void> {
  const tables = await db.transaction(
    async (tx) => ({
      rows: await tx.select().from(chains),
      links: await tx.select().from(chainLinks).orderBy(chainLinks.seq),
      accounts: await tx.select().from(chainAccounts),
      depth: (await tx.select().from(schema.directoryState))[0]?.depth ?? LIMITS.minDepth,
    }),
    { isolationLevel: 'repeatable read' },
  );
  const linksOf = Map.groupBy(tables.links, ({ chain }) => formatHex(chain));
  expect(linksOf.size, 'chains with links').toBe(tables.rows.length);
  for (const row of tables.rows) {
    const own = linksOf.get(formatHex(row.id)) ?? [];
    const state = await verifyChain(
      own.map(({ octets }) => parseUtf8(octets)),
      LATE,
    );
    const text = own.map(({ octets }) => parseUtf8(octets)).join('\n');
    expect(own.map(({ seq }) => seq)).toEqual(own.map((_, i) => i));
    let end = -1;
    for (const link of own) expect(link.end, 'octets up to a link').toBe((end += link.octets.length + 1));
    expect({ ...row, id: formatB64u(row.id), tip: formatB64u(row.tip) }).toEqual({
      id: state.id,
      tip: state.tip,
      name: chainName(row.id),
      links: own.length,
      length: utf8(text).length,
      digest: sha256(utf8(text)),
      ended: state.ended ? 1 : 0,
    });
    const claimed = tables.accounts.filter(({ chain }) => formatHex(chain) === formatHex(row.id));
    const wanted = state.accounts.map(({ service, account, where, link }) =>
      JSON.stringify([service, account, where ?? null, link]),
    );
    expect(
      new Set(
        claimed.map(({ service, account, place, link }) => JSON.stringify([service, account, place, formatB64u(link)])),
      ),
      'accounts',
    ).toEqual(new Set(wanted));
  }
  for (const { chain } of tables.accounts) expect(linksOf.has(formatHex(chain)), 'chain of an account').toBe(true);
  for (const [, some] of Map.groupBy(tables.rows, ({ name }) => bucketNumber(name, tables.depth)))
    expect(some.length, 'chains in a bucket').toBeLessThanOrEqual(LIMITS.bucketChains);
}
