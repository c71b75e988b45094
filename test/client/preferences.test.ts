// What the asker prefers and avoids: laws over generated lists, and the two cases people notice.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrange, isFor } from '../../src/client/preferences.ts';

const DOMAINS = ['a.example', 'b.example', 'c.example', 'd.example'];
const offer = fc.record({ domain: fc.constantFrom(...DOMAINS), at: fc.nat() });
const domains = fc.uniqueArray(fc.constantFrom(...DOMAINS));
const read = ({ domain }: { domain: string }) => ({ domain, operators: [] });

describe('preferences', () => {
  test('nothing avoided is left, nothing else is lost, and equals keep their order', () => {
    fc.assert(
      fc.property(fc.array(offer), domains, domains, (offers, prefer, avoid) => {
        const arranged = arrange(offers, read, { prefer, avoid });
        expect(arranged.some(({ domain }) => avoid.includes(domain))).toBe(false);
        expect(new Set(arranged)).toEqual(new Set(offers.filter(({ domain }) => !avoid.includes(domain))));
        for (const domain of DOMAINS) {
          const of = (list: typeof offers) => list.filter((one) => one.domain === domain);
          if (!avoid.includes(domain)) expect(of(arranged)).toEqual(of(offers));
        }
        const ranks = arranged.map(({ domain }) => (prefer.indexOf(domain) + 10) % 10);
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      }),
    );
  });

  test('a bridge by an avoided operator is avoided too', () => {
    const offers = [
      { domain: 'bob.chat', operators: ['good.example', 'spy.example'] },
      { domain: 'charlie.chat', operators: [] },
    ];
    expect(arrange(offers, (one) => one, { avoid: ['spy.example'] })).toEqual([offers[1]]);
  });

  test.each([
    [undefined, undefined, true],
    [undefined, ['business'], true],
    [[], ['business'], true],
    [['personal'], undefined, true],
    [['personal'], [], true],
    [['personal'], ['business'], false],
    [['personal', 'business'], ['business'], true],
  ])('a route for %j is good for %j: %j', (tags, purposes, expected) => {
    expect(isFor(tags, purposes)).toBe(expected);
  });
});
