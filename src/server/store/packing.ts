// Thousands of rows as one parameter: lists of numbers and words, and octet strings put together and taken apart by their place.
// A statement with a parameter a value would cost more than the work it asks for, and has a limit.
import { sql, type SQL } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { concat, formatHex } from '../../protocol/wire.ts';

/** Numbers, for `unnest`; null where there is none. */
export const numberList = (values: readonly (number | undefined)[]): SQL =>
  sql`${`{${values.map((value) => value ?? 'null').join(',')}}`}::text::bigint[]`;

/** Words, for `unnest`. */
export const textList = (values: readonly string[]): SQL =>
  sql`${`{${values.map((value) => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`}::text::text[]`;

/** Short octet strings, for `unnest`, null where there is none; longer ones are better packed. */
export const octetList = (values: readonly (Uint8Array | undefined)[]): SQL => {
  const words = values.map((value) => (value === undefined ? 'null' : String.raw`"\\x${formatHex(value)}"`));
  return sql`${`{${words.join(',')}}`}::text::bytea[]`;
};

/** Whether a column holds one of `list`. Not `= any(list)`, which would take the text apart again for every row it looks at. */
export const isIn = (column: AnyPgColumn, list: SQL): SQL => sql`${column} in (select unnest(${list}))`;

/** The `n`-th of the strings of `octets` octets each in `packed`; `n` counts from 1, as WITH ORDINALITY does. */
export const nthOf = (packed: Uint8Array, n: SQL, octets: number): SQL =>
  sql`substr(${packed}::bytea, ((${n} - 1) * ${sql.raw(String(octets))} + 1)::int, ${sql.raw(String(octets))})`;

/** Octet strings of any length as rows `k(n, octets)`, `n` from 1 on. */
export function octetRows(values: readonly Uint8Array[]): SQL {
  const lengths = values.map(({ length }) => length);
  let end = 1;
  const starts = lengths.map((length) => (end += length) - length);
  return sql`(select n, substr(${concat(...values)}::bytea, start::int, length::int)
    from unnest(${numberList(starts)}, ${numberList(lengths)}) with ordinality as at(start, length, n)) as k(n, octets)`;
}

/** Octet strings of one length, as many as there are. */
export function* unpack(packed: Uint8Array, octets: number): Generator<Uint8Array> {
  for (let at = 0; at < packed.length; at += octets) yield packed.subarray(at, at + octets);
}

/** First octets of the names in bucket `number` at `depth`: what its names are not before. */
export const bucketStart = (number: SQL, depth: number): SQL =>
  sql`decode(lpad(to_hex(${number} << ${sql.raw(String(32 - depth))}), 8, '0'), 'hex')`;

/** What the names in bucket `number` are all before; past the last bucket, longer than every name. */
export const bucketEnd = (number: SQL, depth: number): SQL =>
  sql`case when ${number} + 1 = ${sql.raw(String(2 ** depth))} then decode(repeat('ff', 33), 'hex') else ${bucketStart(sql`(${number} + 1)`, depth)} end`;
