// Answers (§7): what several directories say together, in any order, and how a route is laid out.
import {
  array,
  assert as assertLaw,
  boolean,
  constantFrom,
  integer,
  option,
  property,
  record,
  shuffledSubarray,
  uniqueArray,
} from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  answerAlternative,
  answerRoute,
  mergeAnswers,
  type DirectoryFinding,
  type MergedAnswer,
} from '../../src/protocol/answer.ts';
import type { Description } from '../../src/protocol/description.ts';
import type { Code } from '../../src/protocol/errors.ts';
import {
  ASSURANCES,
  judgeName,
  type JudgedName,
  type JudgedRecord,
  type JudgedRoute,
} from '../../src/protocol/judgement.ts';

const route = (more: Partial<JudgedRoute> = {}): JudgedRoute => ({
  route: { provider: 'bob.example', address: '@bob' },
  assurance: 'confirmed',
  auto: true,
  contested: false,
  issuers: ['bob.example'],
  since: 100,
  expires: 1_000,
  holder: 'h',
  ...more,
});

const found = (...routes: JudgedRoute[]): JudgedName => ({ outcome: 'found', contested: false, routes });
const absent: JudgedName = { outcome: 'absent', contested: false, routes: [] };
const optedOut = (at: number): JudgedName => ({ outcome: 'opted-out', contested: false, routes: [], optedOut: at });

const finding = (domain: string, judged?: JudgedName, code?: Code): DirectoryFinding => ({
  domain: `${domain}.example`,
  ...(judged === undefined ? {} : { judged }),
  ...(code === undefined ? {} : { code }),
});

/** Outcome, what each directory is reported with, and the routes' providers. */
const brief = ({ outcome, contested, directories, routes }: MergedAnswer): string =>
  [
    outcome + (contested ? ' contested' : ''),
    directories.map((one) => one.outcome + (one.code === undefined ? '' : `(${one.code})`)).join(' '),
    routes
      .map((one) => one.route.provider.replace('.example', '') + (one.auto ? '' : '?') + (one.contested ? '!' : ''))
      .join(' '),
  ].join(' | ');

const TABLE: readonly [string, readonly DirectoryFinding[], string][] = [
  ['nobody asked', [], 'unknown |  | '],
  ['found', [finding('a', found(route()))], 'found | found | bob'],
  ['absent', [finding('a', absent)], 'absent | absent | '],
  ['opted out', [finding('a', optedOut(5))], 'opted-out | found | '],
  ['not reached', [finding('a', undefined, 'peer-unreachable')], 'unknown | unknown(peer-unreachable) | '],
  ['nothing said', [finding('a')], 'unknown | unknown | '],
  ['half asked', [finding('a', absent, 'overloaded')], 'unknown | unknown(overloaded) | '],
  ['half asked and found', [finding('a', found(route()), 'overloaded')], 'found | found(overloaded) | bob'],
  ['both absent', [finding('a', absent), finding('b', absent)], 'absent | absent absent | '],
  [
    'one absent, one unknown',
    [finding('a', absent), finding('b', undefined, 'bundle-invalid')],
    'unknown | absent unknown(bundle-invalid) | ',
  ],
  [
    'one found, one unknown',
    [finding('a', undefined, 'overloaded'), finding('b', found(route()))],
    'found | unknown(overloaded) found | bob',
  ],
  ['one found, one absent', [finding('a', absent), finding('b', found(route()))], 'found | absent found | bob'],
  ['one opted out, one absent', [finding('a', absent), finding('b', optedOut(5))], 'opted-out | absent found | '],
  [
    'one opted out, one unknown',
    [finding('a', undefined, 'overloaded'), finding('b', optedOut(5))],
    'opted-out | unknown(overloaded) found | ',
  ],
  [
    'an opt-out after the route',
    [finding('a', found(route())), finding('b', optedOut(101))],
    'opted-out contested | found found | ',
  ],
  [
    'an opt-out at the same second',
    [finding('a', found(route())), finding('b', optedOut(100))],
    'opted-out contested | found found | ',
  ],
  [
    'an opt-out before the route',
    [finding('a', found(route())), finding('b', optedOut(99))],
    'found contested | found found | bob?!',
  ],
  [
    'an opt-out and a claim',
    [finding('a', found(route({ assurance: 'claimed', auto: false }))), finding('b', optedOut(1))],
    'opted-out | found found | ',
  ],
  [
    'a claim alone, asked for',
    [finding('a', found(route({ assurance: 'claimed', auto: false })))],
    'found | found | bob?',
  ],
  [
    'contested in one directory',
    [finding('a', { ...found(route({ contested: true, auto: false })), contested: true }), finding('b', absent)],
    'found contested | found absent | bob?!',
  ],
  ['the same record in two', [finding('a', found(route())), finding('b', found(route()))], 'found | found found | bob'],
  [
    'the same route, contested in one',
    [
      finding('a', found(route())),
      finding('b', { ...found(route({ contested: true, auto: false })), contested: true }),
    ],
    'found contested | found found | bob?!',
  ],
  [
    'the same route, contested in the other',
    [
      finding('a', { ...found(route({ contested: true, auto: false })), contested: true }),
      finding('b', found(route())),
    ],
    'found contested | found found | bob?!',
  ],
  [
    'the same route under two keys, as who is in two directories has it',
    [finding('a', found(route())), finding('b', found(route({ holder: 'i' })))],
    'found | found found | bob',
  ],
  [
    'the same way under two keys, contested in one',
    [
      finding('a', found(route())),
      finding('b', {
        ...found(
          route({ holder: 'i', contested: true, auto: false, since: 200 }),
          route({ holder: 'j', contested: true, auto: false, route: { provider: 'eve.example' } }),
        ),
        contested: true,
      }),
    ],
    'found contested | found found | bob?! eve?!',
  ],
  [
    'the same provider without the address',
    [finding('a', found(route())), finding('b', found(route({ holder: 'i', route: { provider: 'bob.example' } })))],
    'found | found found | bob bob',
  ],
  [
    'another address of one holder',
    [finding('a', found(route())), finding('b', found(route({ route: { provider: 'bob.example', address: '@rob' } })))],
    'found | found found | bob bob',
  ],
];

test('what several directories say together', () => {
  for (const [title, findings, expected] of TABLE) {
    expect({ title, answer: brief(mergeAnswers(findings)) }).toEqual({ title, answer: expected });
  }
  expect(TABLE).toHaveLength(27);
});

describe('order', () => {
  const of = (provider: string, more: Partial<JudgedRoute> = {}) =>
    route({ route: { provider: `${provider}.example` }, holder: provider, ...more });
  const providers = (...findings: DirectoryFinding[]) =>
    mergeAnswers(findings)
      .routes.map((one) => one.route.provider.replace('.example', ''))
      .join(' ');

  test('better assurance, then older, then domain', () => {
    const all = ASSURANCES.map((assurance, at) => finding(`d${at}`, found(of(assurance, { assurance }))));
    expect(providers(...all.toReversed())).toBe('confirmed domain attested claimed');
    expect(
      providers(finding('a', found(of('young', { since: 2 }))), finding('b', found(of('old', { since: 1 })))),
    ).toBe('old young');
    expect(providers(finding('b', found(of('second'))), finding('a', found(of('first'))))).toBe('first second');
  });

  test('within one record the person’s own order stands', () => {
    const record = { holder: 'p', since: 9 };
    const mixed = found(
      of('z', { ...record, assurance: 'attested' }),
      of('y', record),
      of('x', { ...record, assurance: 'attested' }),
    );
    expect(providers(finding('a', found(of('other', { assurance: 'attested', since: 1 }))), finding('b', mixed))).toBe(
      'z y x other',
    );
  });

  test('a way to be reached stands where it is best, then where it is older, with what is said there', () => {
    const way = (holder: string, more: Partial<JudgedRoute>) => of('bob', { holder, ...more });
    const listed = (...findings: DirectoryFinding[]) =>
      mergeAnswers(findings).routes.map(({ holder, route: { provider } }) => `${holder} ${provider}`);
    // The whole record of the first goes first, but Bob stands where he is confirmed.
    const first = { holder: 'first', since: 1 };
    const mixed = finding('a', found(of('carol', first), of('bob', { ...first, assurance: 'attested', auto: false })));
    const between = finding('b', found(of('dave', { holder: 'second', since: 2 })));
    expect(listed(mixed, between, finding('c', found(way('third', { since: 3 }))))).toEqual([
      'first carol.example',
      'second dave.example',
      'third bob.example',
    ]);
    const claimed = finding('c', found(way('third', { since: 0, assurance: 'claimed', auto: false })));
    expect(listed(claimed, mixed)).toEqual(['first carol.example', 'first bob.example']);
    const equal = finding('c', found(way('old', { since: 4 })));
    expect(listed(finding('d', found(way('young', { since: 5 }))), equal)).toEqual(['old bob.example']);
    expect(listed(finding('b', found(way('y', {}))), finding('a', found(way('z', {}))))).toEqual(['z bob.example']);
  });

  test('what is not wanted is left out before anything is listed once, and he was found all the same', () => {
    const forWhom = (holder: string, tag: string, since: number) =>
      of('bob', { holder, since, route: { provider: 'bob.example', for: [tag] } });
    const findings = [
      finding('a', found(forWhom('a', 'personal', 1))),
      finding('b', found(forWhom('b', 'business', 2))),
    ];
    const holders = (tag?: string) => {
      const wanted = (one: { for?: readonly string[] }) => tag === undefined || one.for?.includes(tag) === true;
      const { outcome, routes } = mergeAnswers(findings, wanted);
      return [outcome, ...routes.map(({ holder }) => holder)].join(' ');
    };
    expect([holders(), holders('personal'), holders('business'), holders('emergency')]).toEqual([
      'found a',
      'found a',
      'found b',
      'found',
    ]);
  });

  test('makes no difference to the answer', () => {
    const judgedRecord = (domain: string) =>
      record({
        holder: constantFrom('h1', 'h2', 'h3').map((holder) => `${domain[0] === 'a' ? '' : domain}${holder}`),
        identifier: constantFrom('domain', 'attested', 'claimed'),
        since: integer({ min: 0, max: 3 }),
        expires: constantFrom(1_000),
        issuers: constantFrom(['bob.example'], ['telco.example']),
        providers: uniqueArray(constantFrom('bob.example', 'carol.example', 'dave.example'), { maxLength: 3 }),
        confirmed: boolean(),
      }).map(({ providers: list, confirmed, ...rest }): JudgedRecord => {
        const assurance = rest.identifier !== 'claimed' && confirmed ? 'confirmed' : rest.identifier;
        return {
          ...rest,
          proof: { jkt: rest.holder, aud: domain, sub: '', seq: 0, iat: 0, exp: 1_000, auto: true, routes: [] },
          routes: list.map((provider) => ({ route: { provider }, assurance, auto: assurance === 'confirmed' })),
        };
      });
    const findingOf = (domain: string) =>
      record({
        records: uniqueArray(judgedRecord(domain), { maxLength: 3, selector: ({ holder }) => holder }),
        unverified: boolean(),
        answered: boolean(),
        code: option(constantFrom('depth-changed', 'peer-unreachable', 'overloaded'), { nil: undefined }),
      }).map(({ records, unverified, answered, code }): DirectoryFinding => ({
        domain,
        ...(answered ? { judged: judgeName(records, { unverified }) } : {}),
        ...(code === undefined ? {} : { code }),
      }));
    const domains = ['a1.example', 'a2.example', 'b1.example', 'b2.example'] as const;
    const findings = domains.map(findingOf);
    const [first, second, third, fourth] = findings;
    if (first === undefined || second === undefined || third === undefined || fourth === undefined) throw new Error();
    const seen = new Set<string>();
    assertLaw(
      property(
        record({ first, second, third, fourth }).map((all) => Object.values(all)),
        shuffledSubarray([0, 1, 2, 3], { minLength: 1 }),
        (all, places) => {
          const asked = places.flatMap((place) => all[place] ?? []);
          const answer = mergeAnswers(asked);
          expect(mergeAnswers(asked.toReversed())).toEqual(answer);
          expect(mergeAnswers([...asked.slice(1), ...asked.slice(0, 1)])).toEqual(answer);
          seen.add(answer.outcome);
          // Absence is never concluded from silence.
          if (answer.outcome === 'absent')
            for (const one of asked) expect(one.judged === undefined ? 'silent' : one.code).toBeUndefined();
          if (answer.outcome !== 'found') expect(answer.routes).toEqual([]);
          const ways = answer.routes.map(({ route: { provider, address } }) => `${provider} ${address}`);
          expect(new Set(ways).size).toBe(ways.length);
          for (const one of answer.routes)
            if (one.auto) expect(one).toMatchObject({ assurance: 'confirmed', contested: false });
        },
      ),
      { numRuns: 1_000 },
    );
    expect([...seen].toSorted()).toEqual(['absent', 'found', 'opted-out', 'unknown']);
  });

  test('asking one more directory never takes a route away, unless it opts out', () => {
    assertLaw(
      property(
        array(constantFrom(absent, undefined, found(of('x')), found(of('y', { since: 7 }))), { maxLength: 4 }),
        (list) => {
          const one = finding('z', found(of('kept')));
          const findings = list.map((judged, at) => finding(`d${at}`, judged));
          expect(providers(one, ...findings)).toContain('kept');
        },
      ),
    );
  });
});

describe('layout', () => {
  const bob: Description = {
    version: 1,
    domain: 'bob.example',
    name: 'BobChat',
    logo: 'https://bob.example/logo.svg',
    provider: {
      features: ['text', 'file', 'voice'],
      bridges: [
        {
          from: ['alice.example'],
          protocol: 'alicechat',
          endpoint: 'https://bridge.bob.example/alicechat',
          placement: 'server',
          encryption: 're-encrypted',
          operator: 'bob.example',
          features: ['text', 'file'],
        },
      ],
    },
  };

  const SENTENCE =
    'This conversation is re-encrypted by bridge.bob.example (run by bob.example), whose operator could read it.';

  test('a route as §7 has it', () => {
    const laidOut = answerRoute(route({ since: 1_790_000_000, expires: 1_800_000_000 }), {
      from: 'alice.example',
      provider: bob,
    });
    expect(laidOut).toEqual({
      provider: { domain: 'bob.example', name: 'BobChat', logo: 'https://bob.example/logo.svg' },
      address: '@bob',
      assurance: 'confirmed',
      issuers: ['bob.example'],
      auto: true,
      contested: false,
      since: '2026-09-21T14:13:20Z',
      connect: {
        protocol: 'alicechat',
        endpoint: 'https://bridge.bob.example/alicechat',
        source: 'advertised',
        placement: 'server',
        operator: 'bob.example',
        bridges: [
          {
            side: 'recipient',
            endpoint: 'https://bridge.bob.example/alicechat',
            placement: 'server',
            encryption: 're-encrypted',
            operator: 'bob.example',
          },
        ],
      },
      encryption: {
        level: 're-encrypted-by-bridge',
        readers: ['bob.example'],
        verdict: 'readable',
        reasons: [
          {
            code: 'provider-advertises',
            about: ['bob.example', 'alice.example'],
            text: 'bob.example offers this bridge to users of alice.example.',
          },
          {
            code: 'reencrypted-by-bridge',
            about: ['bridge.bob.example'],
            text: 'bridge.bob.example decrypts messages and encrypts them again.',
          },
        ],
        explanation: SENTENCE,
        warning: SENTENCE,
      },
      features: ['text', 'file'],
      expires: '2027-01-15T08:00:00Z',
    });
  });

  test('a route of a network nothing is known of', () => {
    const laidOut = answerRoute(route({ route: { provider: 'eve.example' } }), { from: 'alice.example' });
    expect(laidOut).toMatchObject({ provider: { domain: 'eve.example' }, connect: null, features: [] });
    expect(laidOut).not.toHaveProperty('address');
    expect(laidOut.encryption).toMatchObject({ level: 'not-end-to-end', readers: [] });
    expect(laidOut.encryption.warning).toContain('no bridge');
  });

  test('an alternative', () => {
    const other = answerAlternative('bob.example', { from: 'alice.example', provider: bob });
    expect(Object.keys(other)).toEqual(['domain', 'name', 'connect', 'encryption']);
    expect(other).toMatchObject({ domain: 'bob.example', name: 'BobChat', connect: { source: 'advertised' } });
    expect(answerAlternative('x.example', { from: 'alice.example' })).toMatchObject({
      domain: 'x.example',
      connect: null,
    });
  });

  test('a directory’s report', () => {
    const { directories } = mergeAnswers([
      { domain: 'b.example', judged: absent, epoch: 12, asOf: 1_790_000_000_123, witnesses: 2 },
      { domain: 'a.example', code: 'peer-unreachable' },
    ]);
    expect(directories).toEqual([
      { domain: 'a.example', outcome: 'unknown', code: 'peer-unreachable' },
      { domain: 'b.example', outcome: 'absent', epoch: 12, asOf: '2026-09-21T14:13:20Z', witnesses: 2 },
    ]);
  });
});
