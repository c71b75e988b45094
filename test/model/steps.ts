// What people, issuers and the operator do to a directory in its model, at random and once each.
import * as fc from 'fast-check';
import { sha256 } from '../../src/protocol/log/hash.ts';
import { utf8 } from '../../src/protocol/wire.ts';

const nameFrom = (first: number, text: string): Buffer =>
  Buffer.concat([Buffer.of(first), Buffer.from(sha256(utf8(text))).subarray(1)]);

/** Several in one bucket of sixteen, of which some part on the way down. The last two are never deposited. */
export const NAMES = [0x20, 0x21, 0x2f, 0x20, 0x00, 0xff, 0x80, 0x7f, 0x20, 0x55].map((first, i) =>
  nameFrom(first, `name ${i}`),
);
const DEPOSITED = NAMES.length - 2;
const HOLDERS = 3;
/** Depths. */
export const [LEAST, MOST] = [4, 7];

export interface Deposit {
  readonly name: number;
  readonly holder: number;
  readonly life: number;
}
export type Step =
  | { readonly do: 'deposit'; readonly all: readonly Deposit[] }
  | { readonly do: 'replace' | 'withdraw' | 'revoke'; readonly which: number }
  | { readonly do: 'expire' | 'split' | 'merge' | 'wait' };

const deposit = fc.record({
  name: fc.nat(DEPOSITED - 1),
  holder: fc.nat(HOLDERS - 1),
  life: fc.integer({ min: 100, max: 20_000 }),
});
/** At once, and then no two under one name. */
const deposits = fc.uniqueArray(deposit, { minLength: 1, maxLength: 4, selector: ({ name }) => name });
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('deposit' as const), all: deposits }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('replace', 'withdraw', 'revoke'), which: fc.nat(1_000) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('expire', 'split', 'merge', 'wait') }) },
);

const place = (name: number, holder: number): Deposit => ({ name, holder, life: 5_000 });
/** What happens before chance takes over: everything once, in one bucket. */
export const OPENING: readonly Step[] = [
  { do: 'deposit', all: [place(0, 0), place(1, 0)] },
  // The same issuer's attestation for another key, and another issuer's.
  { do: 'deposit', all: [place(0, 1), place(1, 2)] },
  { do: 'split' },
  { do: 'replace', which: 0 },
  { do: 'withdraw', which: 0 },
  { do: 'merge' },
  { do: 'deposit', all: [place(2, 0), place(3, 2)] },
  { do: 'revoke', which: 0 },
  { do: 'expire' },
];

export const nameOf = (name: number): Buffer => NAMES[name] ?? Buffer.alloc(32);
export const keyOf = ({ name, holder }: Deposit): string => `${name}/${holder}`;
