// Selection of bridges (§8.2): a table over the whole order, then levels, readers and warnings, then both directions.
import { assert as assertLaw, constantFrom, property, record, subarray, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bridge } from '../../src/protocol/bridge-listing.ts';
import { selectBridge } from '../../src/protocol/bridge.ts';
import type { Description } from '../../src/protocol/description.ts';
import { LEVELS } from '../../src/protocol/levels.ts';
import type { Health } from '../../src/protocol/passage.ts';
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
  /** Descriptions of others that are at hand. */
  readonly others?: Readonly<Record<string, Network>>;
  /** What checks said, by host. */
  readonly health?: Readonly<Record<string, Health>>;
}

const select = ({ alice, bob, route, from = ALICE, others = {}, health = {} }: Scene) =>
  selectBridge({
    from,
    describe: (domain) => (others[domain] === undefined ? undefined : network(domain, others[domain])),
    health: (url) => health[new URL(url).hostname],
    fromDescription: alice === undefined ? undefined : network(from, alice),
    route: { provider: BOB, ...route },
    provider: bob === undefined ? undefined : network(BOB, bob),
  });

/** The way in one line: source, placement, protocol, host or operator, level, readers, features; what is known of its bridges. */
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
  const known = (connect?.bridges ?? []).flatMap(({ delegation, health }) => [delegation ?? [], health ?? []].flat());
  const facts = known.length === 0 ? '' : ` | ${known.join(' ')}`;
  return `${way} | ${LEVELS.indexOf(encryption.level)} | ${encryption.readers.join(' ')} | ${features.join(' ')}${facts}`;
}

/** A bridge whose health is checked. */
const checked = (host: string, more: Partial<Bridge> = {}): Bridge =>
  bridge(host, { health: `https://${host}/healthz`, ...more });
const operated = (host: string, more: Partial<Bridge> = {}): Bridge =>
  bridge(host, { id: 'b1', operator: 'op.example', networks: [ALICE, BOB], ...more });
const alicechat: Network = { protocols: ['alicechat'] };
const alicechatMatrix: Network = { protocols: ['alicechat', 'matrix'] };
const matrixBridge = (host: string, more: Partial<Bridge> = {}): Bridge =>
  bridge(host, { protocol: 'matrix', from: ['matrix'], networks: ['matrix', host], ...more });

/** Networks as the founding text draws them. */
const DRAWN = {
  dedicated: (name: string): Network => ({ protocols: [`${name}chat`], bridges: [bridge(`bridge.${name}.example`)] }),
  standard: (name: string, standard: string): Network => ({
    protocols: [`${name}chat`],
    bridges: [bridge(`${standard}.${name}.example`, { protocol: standard, from: [standard] })],
  }),
  device: (placement: 'client' | 'local' | 'p2p'): Bridge =>
    bridge('phone.example', { placement, networks: [ALICE, 'matrix'] }),
  hidden: (placement: 'local' | 'p2p'): Bridge => ({
    from: [ALICE],
    protocol: 'alicechat',
    placement,
    encryption: 're-encrypted',
    networks: [ALICE, 'matrix'],
  }),
};
const TWISTY: Readonly<Record<'alice' | 'bob' | 'charlie', Network>> = {
  alice: { ...DRAWN.standard('alice', 'xmpp'), protocols: ['alicechat'] },
  bob: {
    protocols: ['bobchat'],
    bridges: [bridge('bridge.bob.example'), ...(DRAWN.standard('bob', 'matrix').bridges ?? [])],
  },
  charlie: {
    protocols: ['charliechat'],
    bridges: [
      ...(DRAWN.standard('charlie', 'matrix').bridges ?? []),
      ...(DRAWN.standard('charlie', 'xmpp').bridges ?? []),
    ],
  },
};

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
    'advertised server alicechat adv.example op.example | 2 | adv.example op.example |  | unconfirmed',
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
    'advertised server alicechat b.example a.example | 2 | a.example b.example |  | unconfirmed',
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
    'advertised client alicechat a.example op.example | 3 | a.example bob.example op.example |  | unconfirmed',
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

  // features: the highest common denominator of the whole path
  [
    'features: what the asker’s network cannot do does not get through either',
    {
      alice: { protocols: ['alicechat'], features: ['text'] },
      bob: { features: ['text', 'file'], bridges: [bridge('a.example', { features: ['text', 'file'] })] },
    },
    'advertised server alicechat a.example a.example | 2 | a.example | text',
  ],
  [
    'features: of a recipient nothing is known of, the asker’s own say nothing',
    { alice: { protocols: ['x'], features: ['text'] }, bob: { protocols: ['x'] } },
    'native native x - - | 0 |  | ',
  ],
  [
    'features: the intersection of two networks and two bridges, in the recipient’s order',
    {
      alice: {
        features: ['voice', 'text', 'file'],
        bridges: [matrixBridge('m.alice.example', { features: ['text', 'file', 'group'] })],
      },
      bob: {
        features: ['group', 'file', 'text'],
        bridges: [matrixBridge('m.bob.example', { features: ['text', 'file', 'voice'] })],
      },
    },
    'common server matrix m.bob.example m.bob.example | 2 | m.alice.example m.bob.example | file text',
  ],

  // health
  [
    'a bridge that answers is as one that is not checked',
    { bob: { bridges: [checked('b.example'), bridge('a.example')] }, health: { 'b.example': 'up' } },
    'advertised server alicechat a.example a.example | 2 | a.example | ',
  ],
  [
    'one that does not answer goes behind',
    { bob: { bridges: [checked('a.example'), bridge('b.example')] }, health: { 'a.example': 'down' } },
    'advertised server alicechat b.example b.example | 2 | b.example | ',
  ],
  [
    '… behind a less private one too',
    {
      bob: { bridges: [checked('a.example', { placement: 'client' }), bridge('b.example', { priority: 9 })] },
      health: { 'a.example': 'down' },
    },
    'advertised server alicechat b.example b.example | 2 | b.example | ',
  ],
  [
    '… behind a common language',
    {
      alice: alicechatMatrix,
      bob: { bridges: [checked('a.example'), matrixBridge('m.bob.example')] },
      health: { 'a.example': 'down' },
    },
    'common server matrix m.bob.example m.bob.example | 2 | m.bob.example | ',
  ],
  [
    '… but not behind nothing: a failure to reach is no "no"',
    { bob: { bridges: [checked('a.example')] }, health: { 'a.example': 'down' } },
    'advertised server alicechat a.example a.example | 2 | a.example |  | down',
  ],
  [
    'none answers: the order is as it was',
    {
      alice: alicechatMatrix,
      bob: { bridges: [checked('a.example'), checked('m.example', { protocol: 'matrix', from: ['matrix'] })] },
      health: { 'a.example': 'down', 'm.example': 'down' },
    },
    'advertised server alicechat a.example a.example | 2 | a.example |  | down',
  ],
  [
    'what he chose stays, answering or not',
    {
      bob: { bridges: [bridge('adv.example')] },
      route: { bridges: [checked('own.example')] },
      health: { 'own.example': 'down' },
    },
    'override server alicechat own.example own.example | 2 | own.example |  | down',
  ],
  [
    'of what he chose the one that answers',
    {
      route: { bridges: [checked('a.example'), checked('b.example')] },
      health: { 'a.example': 'down', 'b.example': 'up' },
    },
    'override server alicechat b.example b.example | 2 | b.example |  | up',
  ],
  [
    'of two bridges on the way one that is down is enough',
    {
      alice: {
        protocols: ['alicechat', 'xmpp'],
        bridges: [matrixBridge('m.alice.example', { health: 'https://m.alice.example/healthz' })],
      },
      bob: {
        bridges: [
          matrixBridge('a.bob.example'),
          bridge('x.bob.example', { protocol: 'xmpp', from: ['xmpp'], priority: 9 }),
        ],
      },
      health: { 'm.alice.example': 'down' },
    },
    'common server xmpp x.bob.example x.bob.example | 2 | x.bob.example | ',
  ],

  // operators to whom it is delegated
  [
    'delegated, both say so',
    { bob: { bridges: [operated('adv.example')] }, others: { 'op.example': { bridges: [operated('adv.example')] } } },
    'advertised server alicechat adv.example op.example | 2 | op.example |  | confirmed',
  ],
  [
    'delegated, the operator speaks for himself without naming himself',
    {
      bob: { bridges: [operated('adv.example')] },
      others: { 'op.example': { bridges: [{ ...bridge('adv.example', { id: 'b1', networks: [BOB] }) }] } },
    },
    'advertised server alicechat adv.example op.example | 2 | op.example |  | confirmed',
  ],
  [
    'a good name borrowed: the host could read too',
    { bob: { bridges: [operated('adv.example')] }, others: { 'op.example': { bridges: [] } } },
    'advertised server alicechat adv.example op.example | 2 | adv.example op.example |  | unconfirmed',
  ],
  [
    'a name borrowed on the operator’s own host',
    { bob: { bridges: [operated('b.op.example')] } },
    'advertised server alicechat b.op.example op.example | 2 | op.example |  | unconfirmed',
  ],
  [
    'delegated elsewhere: another endpoint',
    { bob: { bridges: [operated('adv.example')] }, others: { 'op.example': { bridges: [operated('other.example')] } } },
    'advertised server alicechat adv.example op.example | 2 | adv.example op.example |  | unconfirmed',
  ],
  [
    'delegated by another network',
    {
      bob: { bridges: [operated('adv.example')] },
      others: { 'op.example': { bridges: [operated('adv.example', { networks: ['carol.example'] })] } },
    },
    'advertised server alicechat adv.example op.example | 2 | adv.example op.example |  | unconfirmed',
  ],
  [
    'the operator says worse of it than the provider',
    {
      bob: { bridges: [operated('adv.example', { encryption: 'native' })] },
      others: { 'op.example': { bridges: [operated('adv.example')] } },
    },
    'advertised server alicechat adv.example op.example | 2 | adv.example op.example |  | unconfirmed',
  ],
  [
    'the operator says better of it than the provider',
    {
      bob: { bridges: [operated('adv.example')] },
      others: { 'op.example': { bridges: [operated('adv.example', { encryption: 'native' })] } },
    },
    'advertised server alicechat adv.example op.example | 2 | adv.example op.example |  | unconfirmed',
  ],
  [
    'confirmed before unconfirmed',
    {
      bob: { bridges: [operated('a.example', { id: 'b2', priority: 1 }), operated('b.example', { priority: 9 })] },
      others: { 'op.example': { bridges: [operated('b.example')] } },
    },
    'advertised server alicechat b.example op.example | 2 | op.example |  | confirmed',
  ],
  [
    'an operator’s bridge that the provider does not list is none of his',
    { bob: { protocols: ['bobchat'] }, others: { 'op.example': { bridges: [operated('adv.example')] } } },
    'none | 3 |  | ',
  ],
  [
    'the person’s own bridge, run by somebody who says so',
    {
      route: { bridges: [operated('own.example')] },
      others: { 'op.example': { bridges: [operated('own.example')] } },
    },
    'override server alicechat own.example op.example | 2 | op.example |  | confirmed',
  ],
  [
    'the person’s own bridge, run by his provider',
    {
      bob: { bridges: [operated('own.example', { operator: BOB, from: ['carol.example'] })] },
      route: { bridges: [operated('own.example', { operator: BOB })] },
    },
    'override server alicechat own.example bob.example | 2 | bob.example |  | confirmed',
  ],
  [
    'hers, delegated, on the way to a common language',
    {
      alice: { bridges: [operated('m.op.example', { from: ['matrix'], protocol: 'matrix' })] },
      bob: { protocols: ['matrix'] },
      others: { 'op.example': { bridges: [operated('m.op.example', { from: ['matrix'], protocol: 'matrix' })] } },
    },
    'common server matrix m.op.example op.example | 2 | op.example |  | confirmed',
  ],

  // what networks say of themselves
  [
    'a network that does not encrypt reads its own users',
    { from: BOB, bob: { protocols: ['bobchat'], encryption: 'none' } },
    'native native bobchat - - | 3 | bob.example | ',
  ],
  [
    'hers does not encrypt',
    { alice: { protocols: ['x'], encryption: 'none' }, bob: { protocols: ['x'], encryption: 'end-to-end' } },
    'native native x - - | 3 | alice.example | ',
  ],
  [
    'his does not, behind a bridge that re-encrypts',
    { bob: { encryption: 'none', bridges: [bridge('adv.example')] } },
    'advertised server alicechat adv.example adv.example | 3 | adv.example bob.example | ',
  ],

  // the founding text's drawings, each from both ends where it has two
  [
    'drawing 1, server bridge: AliceChat → BobChat',
    { alice: alicechat, bob: DRAWN.dedicated('bob') },
    'advertised server alicechat bridge.bob.example bridge.bob.example | 2 | bridge.bob.example | ',
  ],
  [
    'drawing 2, two bridges to Matrix',
    { alice: DRAWN.standard('alice', 'matrix'), bob: DRAWN.standard('bob', 'matrix') },
    'common server matrix matrix.bob.example matrix.bob.example | 2 | matrix.alice.example matrix.bob.example | ',
  ],
  [
    'drawing 2, two bridges to XMPP',
    { alice: DRAWN.standard('alice', 'xmpp'), bob: DRAWN.standard('bob', 'xmpp') },
    'common server xmpp xmpp.bob.example xmpp.bob.example | 2 | xmpp.alice.example xmpp.bob.example | ',
  ],
  [
    'drawing 2, run by whoever they delegate to',
    {
      alice: { bridges: [operated('alice.op.example', { id: 'a', protocol: 'matrix', from: ['matrix'] })] },
      bob: { bridges: [operated('bob.op.example', { protocol: 'matrix', from: ['matrix'] })] },
      others: {
        'op.example': {
          bridges: [
            operated('alice.op.example', { id: 'a', protocol: 'matrix', from: ['matrix'] }),
            operated('bob.op.example', { protocol: 'matrix', from: ['matrix'] }),
          ],
        },
      },
    },
    'common server matrix bob.op.example op.example | 2 | op.example |  | confirmed confirmed',
  ],
  [
    'drawing 3, a stub client of AliceChat on Bob’s phone, by his own override',
    { alice: alicechat, bob: DRAWN.dedicated('bob'), route: { bridges: [DRAWN.device('client')] } },
    'override client alicechat phone.example - | 1 |  | ',
  ],
  [
    'drawing 3, advertised by BobChat for all its users',
    { alice: alicechat, bob: { protocols: ['bobchat'], bridges: [DRAWN.device('client')] } },
    'advertised client alicechat phone.example - | 1 |  | ',
  ],
  [
    'drawing 3, on Alice’s phone instead: AliceChat bridged to Matrix, which BobChat speaks',
    {
      alice: { protocols: ['alicechat'], bridges: [matrixBridge('phone.alice.example', { placement: 'client' })] },
      bob: { protocols: ['bobchat', 'matrix'] },
    },
    'common client matrix phone.alice.example - | 1 |  | ',
  ],
  [
    'drawing 4, AliceChat’s API open on the client: no endpoint, nobody else',
    { alice: alicechat, bob: DRAWN.dedicated('bob'), route: { bridges: [DRAWN.hidden('local')] } },
    'override local alicechat - - | 1 |  | ',
  ],
  [
    'drawing 5, P2P Matrix on the handset',
    { alice: alicechat, bob: DRAWN.dedicated('bob'), route: { bridges: [DRAWN.hidden('p2p')] } },
    'override p2p alicechat - - | 1 |  | ',
  ],
  [
    'drawing 5, P2P on both handsets',
    {
      alice: { bridges: [{ ...DRAWN.hidden('p2p'), protocol: 'matrix', from: ['matrix'] }] },
      bob: { bridges: [{ ...DRAWN.hidden('p2p'), protocol: 'matrix', from: ['matrix'] }] },
    },
    'common p2p matrix - - | 1 |  | ',
  ],
  [
    'drawing 6, both speak OSCAR',
    { alice: { protocols: ['oscar'] }, bob: { protocols: ['oscar'] } },
    'native native oscar - - | 0 |  | ',
  ],
  [
    'drawing 6, both speak OSCAR beside their own',
    { alice: { protocols: ['aim', 'oscar'] }, bob: { protocols: ['icq', 'oscar'] } },
    'common native oscar - - | 0 |  | ',
  ],
  [
    'drawing 6, Alice speaks Bob’s own protocol beside hers',
    { alice: { protocols: ['aim', 'icq'] }, bob: { protocols: ['icq'] } },
    'common native icq - - | 0 |  | ',
  ],
  [
    'drawing 7, the twisty group: BobChat and CharlieChat over Matrix',
    { from: 'charlie.example', alice: TWISTY.charlie, bob: TWISTY.bob },
    'common server matrix matrix.bob.example matrix.bob.example | 2 | matrix.bob.example matrix.charlie.example | ',
  ],
  [
    'drawing 7, the twisty group: AliceChat and CharlieChat over XMPP',
    { from: 'charlie.example', alice: TWISTY.charlie, bob: TWISTY.alice },
    'common server xmpp xmpp.alice.example xmpp.alice.example | 2 | xmpp.alice.example xmpp.charlie.example | ',
  ],
  [
    'drawing 7, the twisty group: AliceChat and BobChat directly',
    { alice: TWISTY.alice, bob: TWISTY.bob },
    'advertised server alicechat bridge.bob.example bridge.bob.example | 2 | bridge.bob.example | ',
  ],

  // 6. none
  ['nothing known of anybody', {}, 'none | 3 |  | '],
  ['nothing shared', { alice: alicechat, bob: { protocols: ['bobchat'], features: ['text'] } }, 'none | 3 |  | '],
];

test('the order of §8.2', () => {
  for (const [title, scene, expected] of TABLE) expect({ title, way: brief(scene) }).toEqual({ title, way: expected });
  expect(TABLE).toHaveLength(99);
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
    const ranked = <T extends { readonly bridges: readonly object[] }>(given: T, step: number): T => ({
      ...given,
      bridges: given.bridges.map((bridge, place) => ({ ...bridge, priority: (place + 1) * step })),
    });
    assertLaw(
      property(networkOf(ALICE, 'alicechat'), networkOf(BOB, 'bobchat'), (one, other) => {
        // No two ways are equal up to their names, whose order an exchange of names turns round.
        const [alice, bob] = [ranked(one, 1), ranked(other, 16)];
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
