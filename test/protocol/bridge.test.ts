// Selection of bridges (§8.2): a table over the whole order, then levels, readers and warnings, then both directions.
import { assert as assertLaw, constantFrom, property, record, subarray, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bridge } from '../../src/protocol/bridge-listing.ts';
import { selectBridge } from '../../src/protocol/bridge.ts';
import type { Description } from '../../src/protocol/description.ts';
import { LEVELS } from '../../src/protocol/encryption.ts';
import type { Route } from '../../src/protocol/token/route.ts';

const ALICE = 'alice.example';
const BOB = 'bob.example';

const bridge = (host: string, more: Partial<Bridge> = {}): Bridge => ({
  from: [ALICE],
  protocol: 'alicechat',
  endpoint: `https://${host}/b`,
  placement: 'server',
  encryption: 're-encrypted',
  ...more,
});

type Network = NonNullable<Description['provider']>;
const network = (domain: string, provider: Network): Description => ({ version: 1, domain, provider });

interface Scene {
  readonly alice?: Network;
  readonly bob?: Network;
  readonly route?: Partial<Route>;
  readonly from?: string;
}

const select = ({ alice, bob, route, from = ALICE }: Scene) =>
  selectBridge({
    from,
    fromDescription: alice === undefined ? undefined : network(from, alice),
    route: { provider: BOB, ...route },
    provider: bob === undefined ? undefined : network(BOB, bob),
  });

/** The way in one line: source, placement, protocol, host or operator, level, readers, features. */
function brief(scene: Scene): string {
  const { connect, encryption, features } = select(scene);
  const way =
    connect === null
      ? 'none'
      : [
          connect.source,
          connect.placement,
          connect.protocol,
          connect.endpoint === undefined ? '-' : URL.parse(connect.endpoint)?.hostname,
          connect.operator ?? '-',
        ].join(' ');
  return `${way} | ${LEVELS.indexOf(encryption.level)} | ${encryption.readers.join(' ')} | ${features.join(' ')}`;
}

const alicechat: Network = { protocols: ['alicechat'] };
const alicechatMatrix: Network = { protocols: ['alicechat', 'matrix'] };
const matrixBridge = (host: string, more: Partial<Bridge> = {}): Bridge =>
  bridge(host, { protocol: 'matrix', from: ['matrix'], networks: ['matrix', host], ...more });

/** Levels: 0 end-to-end, 1 on the recipient's device, 2 by a bridge, 3 not end-to-end. */
const TABLE: readonly [string, Scene, string][] = [
  // 1. same provider
  ['same provider', { from: BOB, bob: { protocols: ['bobchat'] } }, 'native native bobchat - - | 0 |  | '],
  ['same provider, nothing known of it', { from: BOB }, 'native native bob.example - - | 0 |  | '],
  [
    'same provider before his own bridge',
    { from: BOB, bob: { protocols: ['bobchat'] }, route: { bridges: [bridge('own.example', { from: ['*'] })] } },
    'native native bobchat - - | 0 |  | ',
  ],
  [
    'same provider: features of the route',
    { from: BOB, bob: { features: ['text', 'file'] }, route: { features: ['text'] } },
    'native native bob.example - - | 0 |  | text',
  ],
  ['a subdomain is another network', { from: `x.${BOB}` }, 'none | 3 |  | '],

  // 2. the provider speaks X's protocol
  [
    'speaks it natively',
    { alice: alicechat, bob: { protocols: ['bobchat', 'alicechat'] } },
    'native native alicechat - - | 0 |  | ',
  ],
  [
    'speaks it natively, before his own bridge',
    { alice: alicechat, bob: { protocols: ['alicechat'] }, route: { bridges: [bridge('own.example')] } },
    'native native alicechat - - | 0 |  | ',
  ],
  [
    'speaks it natively: features of the provider',
    { alice: alicechat, bob: { protocols: ['alicechat'], features: ['text'] } },
    'native native alicechat - - | 0 |  | text',
  ],
  [
    'a common language is not X’s own protocol',
    { alice: alicechatMatrix, bob: { protocols: ['bobchat', 'matrix'], bridges: [bridge('adv.example')] } },
    'advertised server alicechat adv.example adv.example | 2 | adv.example | ',
  ],

  // 3. Bob's override
  [
    'override',
    { bob: {}, route: { bridges: [bridge('own.example')] } },
    'override server alicechat own.example own.example | 2 | own.example | ',
  ],
  [
    'override without any description',
    { route: { bridges: [bridge('own.example')] } },
    'override server alicechat own.example own.example | 2 | own.example | ',
  ],
  [
    'override for all',
    { route: { bridges: [bridge('own.example', { from: ['*'] })] } },
    'override server alicechat own.example own.example | 2 | own.example | ',
  ],
  [
    'override for another network',
    { route: { bridges: [bridge('own.example', { from: ['carol.example'] })] } },
    'none | 3 |  | ',
  ],
  [
    'override wins over a more private advertisement',
    {
      bob: { bridges: [bridge('adv.example', { encryption: 'native' })] },
      route: { bridges: [bridge('own.example', { encryption: 'none' })] },
    },
    'override server alicechat own.example own.example | 3 | bob.example own.example | ',
  ],
  [
    'override for another network leaves the advertisement',
    {
      bob: { bridges: [bridge('adv.example')] },
      route: { bridges: [bridge('own.example', { from: ['carol.example'] })] },
    },
    'advertised server alicechat adv.example adv.example | 2 | adv.example | ',
  ],
  [
    'two overrides: the more private',
    { route: { bridges: [bridge('own.example'), bridge('phone.example', { placement: 'client' })] } },
    'override client alicechat phone.example - | 1 |  | ',
  ],

  // 4. the provider's bridge
  [
    'advertised',
    { alice: alicechat, bob: { bridges: [bridge('adv.example')] } },
    'advertised server alicechat adv.example adv.example | 2 | adv.example | ',
  ],
  [
    'advertised, nothing known of X',
    { bob: { bridges: [bridge('adv.example')] } },
    'advertised server alicechat adv.example adv.example | 2 | adv.example | ',
  ],
  [
    'advertised for all',
    { bob: { bridges: [bridge('adv.example', { from: ['*'] })] } },
    'advertised server alicechat adv.example adv.example | 2 | adv.example | ',
  ],
  [
    'advertised for others and X',
    { bob: { bridges: [bridge('adv.example', { from: ['carol.example', ALICE] })] } },
    'advertised server alicechat adv.example adv.example | 2 | adv.example | ',
  ],
  [
    'advertised for others only',
    { bob: { bridges: [bridge('adv.example', { from: ['carol.example'] })] } },
    'none | 3 |  | ',
  ],
  [
    'advertised before a common language',
    { alice: alicechatMatrix, bob: { protocols: ['matrix'], bridges: [bridge('adv.example')] } },
    'advertised server alicechat adv.example adv.example | 2 | adv.example | ',
  ],
  ['advertised for groups only', { bob: { bridges: [bridge('adv.example', { for: ['group'] })] } }, 'none | 3 |  | '],
  [
    'advertised for both',
    { bob: { bridges: [bridge('adv.example', { for: ['group', 'direct'] })] } },
    'advertised server alicechat adv.example adv.example | 2 | adv.example | ',
  ],
  [
    'an operator other than the host',
    { bob: { bridges: [bridge('adv.example', { operator: 'op.example' })] } },
    'advertised server alicechat adv.example op.example | 2 | op.example | ',
  ],
  [
    'neither endpoint nor operator',
    { bob: { bridges: [{ from: ['*'], protocol: 'alicechat', placement: 'server', encryption: 're-encrypted' }] } },
    'advertised server alicechat - bob.example | 2 | bob.example | ',
  ],

  // among equals
  [
    'level before priority',
    {
      bob: {
        bridges: [bridge('a.example', { priority: 1 }), bridge('b.example', { priority: 9, placement: 'local' })],
      },
    },
    'advertised local alicechat b.example - | 1 |  | ',
  ],
  [
    'native before the recipient’s device',
    { bob: { bridges: [bridge('a.example', { placement: 'client' }), bridge('b.example', { encryption: 'native' })] } },
    'advertised server alicechat b.example b.example | 0 |  | ',
  ],
  [
    'server before none',
    { bob: { bridges: [bridge('a.example', { encryption: 'none' }), bridge('b.example')] } },
    'advertised server alicechat b.example b.example | 2 | b.example | ',
  ],
  [
    'priority: the lower number',
    { bob: { bridges: [bridge('a.example', { priority: 20 }), bridge('b.example', { priority: 10 })] } },
    'advertised server alicechat b.example b.example | 2 | b.example | ',
  ],
  [
    'priority before features',
    {
      bob: {
        bridges: [
          bridge('a.example', { priority: 20, features: ['text', 'file'] }),
          bridge('b.example', { priority: 10, features: ['text'] }),
        ],
      },
    },
    'advertised server alicechat b.example b.example | 2 | b.example | text',
  ],
  [
    'more features',
    {
      bob: {
        bridges: [bridge('a.example', { features: ['text'] }), bridge('b.example', { features: ['text', 'file'] })],
      },
    },
    'advertised server alicechat b.example b.example | 2 | b.example | text file',
  ],
  [
    'features count only where the recipient has them',
    {
      bob: {
        features: ['text'],
        bridges: [bridge('a.example', { features: ['text'] }), bridge('b.example', { features: ['text', 'file'] })],
      },
    },
    'advertised server alicechat a.example a.example | 2 | a.example | text',
  ],
  [
    'domain order',
    { bob: { bridges: [bridge('b.example'), bridge('a.example')] } },
    'advertised server alicechat a.example a.example | 2 | a.example | ',
  ],
  [
    'domain order is of operators',
    {
      bob: {
        bridges: [bridge('b.example', { operator: 'a.example' }), bridge('a.example', { operator: 'b.example' })],
      },
    },
    'advertised server alicechat b.example a.example | 2 | a.example | ',
  ],
  [
    'features: the route’s before the provider’s',
    {
      bob: { features: ['text', 'file', 'voice'], bridges: [bridge('a.example', { features: ['text', 'voice'] })] },
      route: { features: ['voice', 'file'] },
    },
    'advertised server alicechat a.example a.example | 2 | a.example | voice',
  ],
  [
    'features: a bridge that lists none carries all',
    { bob: { features: ['text'], bridges: [bridge('a.example')] } },
    'advertised server alicechat a.example a.example | 2 | a.example | text',
  ],

  // placements and encryption
  [
    'local',
    { bob: { bridges: [bridge('a.example', { placement: 'local' })] } },
    'advertised local alicechat a.example - | 1 |  | ',
  ],
  [
    'p2p without an endpoint',
    { bob: { bridges: [{ from: ['*'], protocol: 'matrix', placement: 'p2p', encryption: 're-encrypted' }] } },
    'advertised p2p matrix - - | 1 |  | ',
  ],
  [
    'p2p, native',
    { bob: { bridges: [bridge('a.example', { placement: 'p2p', encryption: 'native' })] } },
    'advertised p2p alicechat a.example - | 0 |  | ',
  ],
  [
    'a device that does not encrypt',
    { bob: { bridges: [bridge('a.example', { placement: 'client', encryption: 'none', operator: 'op.example' })] } },
    'advertised client alicechat a.example op.example | 3 | bob.example op.example | ',
  ],

  // 5. a common language
  [
    'both speak it',
    { alice: alicechatMatrix, bob: { protocols: ['bobchat', 'matrix'] } },
    'common native matrix - - | 0 |  | ',
  ],
  [
    'he has a bridge to it, she speaks it',
    { alice: alicechatMatrix, bob: { bridges: [matrixBridge('m.bob.example')] } },
    'common server matrix m.bob.example m.bob.example | 2 | m.bob.example | ',
  ],
  [
    'he speaks it, she has a bridge to it',
    {
      alice: { protocols: ['alicechat'], bridges: [matrixBridge('m.alice.example')] },
      bob: { protocols: ['bobchat', 'matrix'] },
    },
    'common server matrix m.alice.example m.alice.example | 2 | m.alice.example | ',
  ],
  [
    'both have a bridge to it: both can read',
    { alice: { bridges: [matrixBridge('m.alice.example')] }, bob: { bridges: [matrixBridge('m.bob.example')] } },
    'common server matrix m.bob.example m.bob.example | 2 | m.alice.example m.bob.example | ',
  ],
  [
    'hers is for everyone',
    {
      alice: { bridges: [bridge('m.alice.example', { protocol: 'matrix', from: ['*'] })] },
      bob: { bridges: [matrixBridge('m.bob.example')] },
    },
    'common server matrix m.bob.example m.bob.example | 2 | m.alice.example m.bob.example | ',
  ],
  [
    'as private as the worse of two',
    {
      alice: { bridges: [matrixBridge('m.alice.example', { encryption: 'none' })] },
      bob: { bridges: [matrixBridge('m.bob.example', { placement: 'client' })] },
    },
    'common client matrix m.bob.example - | 3 | bob.example m.alice.example | ',
  ],
  [
    'features both carry',
    {
      alice: { bridges: [matrixBridge('m.alice.example', { features: ['text', 'voice'] })] },
      bob: { features: ['text', 'file'], bridges: [matrixBridge('m.bob.example', { features: ['text', 'file'] })] },
    },
    'common server matrix m.bob.example m.bob.example | 2 | m.alice.example m.bob.example | text',
  ],
  [
    'of two languages the more private',
    {
      alice: { protocols: ['alicechat', 'xmpp', 'matrix'] },
      bob: { protocols: ['bobchat', 'xmpp'], bridges: [matrixBridge('m.bob.example')] },
    },
    'common native xmpp - - | 0 |  | ',
  ],
  ['different languages', { alice: alicechatMatrix, bob: { protocols: ['bobchat', 'xmpp'] } }, 'none | 3 |  | '],
  [
    'a bridge to it that is for somebody else',
    {
      alice: alicechatMatrix,
      bob: { bridges: [bridge('m.bob.example', { protocol: 'matrix', from: ['carol.example'] })] },
    },
    'none | 3 |  | ',
  ],
  [
    'domains are no languages',
    {
      alice: { bridges: [matrixBridge('x.example', { from: ['carol.example'], networks: ['carol.example'] })] },
      bob: { bridges: [matrixBridge('y.example', { from: ['carol.example'], networks: ['carol.example'] })] },
    },
    'none | 3 |  | ',
  ],
  [
    'a bridge to it for groups only',
    { alice: alicechatMatrix, bob: { bridges: [matrixBridge('m.bob.example', { for: ['group'] })] } },
    'none | 3 |  | ',
  ],

  // 6. none
  ['nothing known of anybody', {}, 'none | 3 |  | '],
  ['nothing shared', { alice: alicechat, bob: { protocols: ['bobchat'], features: ['text'] } }, 'none | 3 |  | '],
];

test('the order of §8.2', () => {
  for (const [title, scene, expected] of TABLE) expect({ title, way: brief(scene) }).toEqual({ title, way: expected });
  expect(TABLE).toHaveLength(55);
});

describe('warnings', () => {
  const warningOf = (scene: Scene) => select(scene).encryption.warning;

  test('say in plain words who could read', () => {
    expect(warningOf({ from: BOB })).toBeNull();
    expect(warningOf({ bob: { bridges: [bridge('bridge.bob.chat')] } })).toBe(
      'This conversation is re-encrypted by bridge.bob.chat, whose operator could read it.',
    );
    expect(warningOf({ bob: { bridges: [bridge('bridge.bob.chat', { operator: 'bob.chat' })] } })).toBe(
      'This conversation is re-encrypted by bridge.bob.chat (run by bob.chat), whose operator could read it.',
    );
    expect(
      warningOf({
        alice: { bridges: [matrixBridge('m.alice.example')] },
        bob: { bridges: [matrixBridge('m.bob.example')] },
      }),
    ).toBe('This conversation is re-encrypted by m.bob.example and m.alice.example, whose operators could read it.');
    expect(warningOf({ bob: { bridges: [bridge('b.example', { placement: 'client' })] } })).toContain(
      'recipient’s own device',
    );
    expect(warningOf({ bob: { bridges: [bridge('b.example', { encryption: 'none' })] } })).toBe(
      'This conversation is not end-to-end encrypted: b.example and bob.example could read it.',
    );
    expect(warningOf({})).toContain('There is no bridge from alice.example to bob.example');
  });
});

describe('laws', () => {
  const bridgeOf = (host: string) =>
    record({
      from: uniqueArray(constantFrom(ALICE, BOB, '*', 'matrix', 'xmpp'), { minLength: 1 }),
      protocol: constantFrom('alicechat', 'bobchat', 'matrix', 'xmpp'),
      endpoint: constantFrom(`https://1.${host}`, `https://2.${host}`),
      placement: constantFrom('server', 'client', 'local', 'p2p'),
      encryption: constantFrom('native', 're-encrypted', 'none'),
      networks: uniqueArray(constantFrom('matrix', 'xmpp', host)),
      priority: constantFrom(1, 2),
    });
  const networkOf = (host: string, own: string) =>
    record({
      protocols: subarray([own, 'matrix', 'xmpp'], { minLength: 1 }),
      bridges: uniqueArray(bridgeOf(host), { maxLength: 3 }),
    });

  test('the order bridges are listed in decides nothing', () => {
    assertLaw(
      property(networkOf(ALICE, 'alicechat'), networkOf(BOB, 'bobchat'), (alice, bob) => {
        const reversed = { ...bob, bridges: bob.bridges.toReversed() };
        const { encryption, connect } = select({ alice, bob });
        const other = select({ alice, bob: reversed });
        expect(other.encryption.level).toBe(encryption.level);
        expect(other.connect?.source).toBe(connect?.source);
      }),
    );
  });

  test('nobody reads an end-to-end conversation, somebody is named wherever a server re-encrypts', () => {
    assertLaw(
      property(networkOf(ALICE, 'alicechat'), networkOf(BOB, 'bobchat'), (alice, bob) => {
        const { encryption, connect } = select({ alice, bob });
        if (connect === null) return;
        const { level, readers, warning } = encryption;
        expect(readers.length === 0).toBe(level === 'end-to-end' || level === 're-encrypted-on-recipients-device');
        expect(warning === null).toBe(level === 'end-to-end');
        for (const reader of readers) expect(warning).toContain(reader);
      }),
    );
  });

  // "Both directions are symmetrical": the same choice with every name exchanged.
  test('both directions are symmetrical', () => {
    const swap = (text: string): string =>
      text.replaceAll(/alice|bob/g, (name) => (name === 'alice' ? 'bob' : 'alice'));
    const swapAll = <T>(value: T): T => JSON.parse(swap(JSON.stringify(value))) as T;
    const domainsIn = ({ connect, encryption, features }: ReturnType<typeof select>) => ({
      connect,
      features,
      level: encryption.level,
      readers: encryption.readers.toSorted(),
    });
    assertLaw(
      property(networkOf(ALICE, 'alicechat'), networkOf(BOB, 'bobchat'), (alice, bob) => {
        const there = selectBridge({
          from: ALICE,
          fromDescription: network(ALICE, alice),
          route: { provider: BOB },
          provider: network(BOB, bob),
        });
        const back = selectBridge({
          from: BOB,
          fromDescription: swapAll(network(ALICE, alice)),
          route: { provider: ALICE },
          provider: swapAll(network(BOB, bob)),
        });
        const expected = swapAll(domainsIn(there));
        expect(domainsIn(back)).toEqual({ ...expected, readers: expected.readers.toSorted() });
      }),
    );
  });

  test('the way back over common languages is as private as the way there', () => {
    const bridges = [matrixBridge('m.alice.example')];
    const there = select({ alice: { bridges }, bob: { bridges: [matrixBridge('m.bob.example')] } });
    const back = selectBridge({
      from: BOB,
      fromDescription: network(BOB, { bridges: [matrixBridge('m.bob.example')] }),
      route: { provider: ALICE },
      provider: network(ALICE, { bridges }),
    });
    expect(back.encryption.level).toBe(there.encryption.level);
    expect(back.encryption.readers).toEqual(there.encryption.readers);
    expect(back.connect?.endpoint).toBe('https://m.alice.example/b');
  });
});
