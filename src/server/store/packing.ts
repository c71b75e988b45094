// Thousands of rows as one parameter: lists of numbers, and octet strings of one length put together and taken apart by
// their place. A statement with a parameter a value would cost more than the work it asks for, and has a limit.
import { sql, type SQL } from 'drizzle-orm';

/** Numbers, for `unnest`. */
export const numberList = (values: readonly number[]): SQL => sql`${`{${values.join(',')}}`}::text::bigint[]`;

/** The `n`-th of the strings of `octets` octets each in `packed`; `n` counts from 1, as WITH ORDINALITY does. */
export const nthOf = (packed: Uint8Array, n: SQL, octets: number): SQL =>
  sql`substr(${packed}::bytea, ((${n} - 1) * ${sql.raw(String(octets))} + 1)::int, ${sql.raw(String(octets))})`;

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
