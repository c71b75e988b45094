// What Alice is told about a way (§7): verdict, reasons in their order, and the sentence, good news too.
import { describe, expect, test } from 'vitest';
import type { Bridge } from '../../src/protocol/bridge-listing.ts';
import { selectBridge, type Ends } from '../../src/protocol/bridge.ts';
import type { Description } from '../../src/protocol/description.ts';

const ALICE = 'alice.example';
const BOB = 'bob.example';
type Network = NonNullable<Description['provider']>;
const network = (domain: string, provider: Network): Description => ({ version: 1, domain, provider });
const bridge = (more: Partial<Bridge> = {}): Bridge => ({
  from: [ALICE],
  protocol: 'alicechat',
  endpoint: 'https://bridge.example/b',
  placement: 'server',
  encryption: 're-encrypted',
  ...more,
});

interface Scene extends Partial<Omit<Ends, 'fromDescription' | 'provider'>> {
  readonly alice?: Network;
  readonly bob?: Network;
}
function tell({ alice, bob, ...more }: Scene) {
  const { connect, encryption, features } = selectBridge({
    from: ALICE,
    route: { provider: BOB },
    fromDescription: alice && network(ALICE, alice),
    provider: bob && network(BOB, bob),
    ...more,
  });
  return { ...encryption, connect, features, codes: encryption.reasons.map(({ code }) => code) };
}

const E2E = { encryption: 'end-to-end' } as const;
const PRIVATE = 'This conversation is end-to-end encrypted: only you and the recipient can read it.';

describe('verdicts', () => {
  test('private: end to end, and both networks say so', () => {
    const told = tell({ alice: { protocols: ['x'], ...E2E }, bob: { protocols: ['x'], ...E2E } });
    expect(told).toMatchObject({ verdict: 'private', explanation: PRIVATE, warning: null, readers: [] });
    expect(told.codes).toEqual(['same-protocol', 'network-encrypts', 'network-encrypts']);
    expect(told.reasons.map(({ about }) => about)).toEqual([[BOB, 'x'], [ALICE], [BOB]]);
  });

  test('private: both on one network', () => {
    const told = tell({ from: BOB, bob: { protocols: ['x'], ...E2E } });
    expect(told).toMatchObject({ verdict: 'private', explanation: PRIVATE });
    expect(told.codes).toEqual(['same-network', 'network-encrypts']);
  });

  test('unconfirmed: a network does not say', () => {
    const told = tell({ alice: { protocols: ['x'], ...E2E }, bob: { protocols: ['x'] } });
    expect(told).toMatchObject({ level: 'end-to-end', verdict: 'unconfirmed', warning: null });
    expect(told.explanation).toBe(
      'No bridge opens this conversation. Whether it is end-to-end encrypted, bob.example does not say.',
    );
    expect(told.codes).toEqual(['same-protocol', 'network-encrypts', 'network-undeclared']);
    expect(tell({ alice: { protocols: ['x'] }, bob: { protocols: ['x'] } }).explanation).toContain(
      'alice.example and bob.example do not say',
    );
  });

  test('private: a bridge that is said to leave messages closed, with that word', () => {
    const told = tell({ alice: E2E, bob: { ...E2E, bridges: [bridge({ encryption: 'native' })] } });
    expect(told).toMatchObject({ verdict: 'private', explanation: PRIVATE });
    expect(told.codes.slice(0, 2)).toEqual(['provider-advertises', 'bridge-says-native']);
  });

  test('private on people’s own devices, whoever’s they are', () => {
    const device = (more: Partial<Bridge> = {}) => bridge({ placement: 'client', ...more });
    const matrix = device({ from: ['matrix'], protocol: 'matrix' });
    const his = tell({ alice: E2E, bob: { ...E2E, bridges: [device()] } });
    expect(his).toMatchObject({ verdict: 'private', readers: [], warning: his.explanation });
    expect(his.explanation).toContain('the recipient’s own device');
    expect(his.codes).toContain('reencrypted-on-recipients-device');
    const hers = tell({ alice: { ...E2E, bridges: [matrix] }, bob: { ...E2E, protocols: ['matrix'] } });
    expect(hers).toMatchObject({ verdict: 'private', level: 're-encrypted-on-recipients-device' });
    expect(hers.explanation).toContain('your own device');
    expect(hers.explanation).not.toContain('recipient');
    expect(hers.codes).toEqual(expect.arrayContaining(['common-language', 'reencrypted-on-own-device']));
    const both = tell({ alice: { ...E2E, bridges: [matrix] }, bob: { ...E2E, bridges: [matrix] } });
    expect(both.explanation).toContain('your own device and on the recipient’s');
    expect(both.connect?.bridges.map(({ side }) => side)).toEqual(['asker', 'recipient']);
    const open = tell({ bob: { bridges: [device({ placement: 'local' })] } });
    expect(open).toMatchObject({ verdict: 'unconfirmed' });
    expect(open.codes).toContain('through-recipients-app');
    expect(tell({ route: { provider: BOB, bridges: [device({ placement: 'p2p' })] } }).codes).toEqual([
      'recipient-chose',
      'reencrypted-on-recipients-device',
      'peer-to-peer',
      'network-undeclared',
      'network-undeclared',
    ]);
  });

  test('readable: by a bridge, or by a network itself', () => {
    const told = tell({ bob: { ...E2E, bridges: [bridge()] } });
    expect(told).toMatchObject({ verdict: 'readable', readers: ['bridge.example'] });
    expect(told.warning).toBe(told.explanation);
    expect(told.codes).toEqual(['provider-advertises', 'reencrypted-by-bridge']);
    const plain = tell({ from: BOB, bob: { encryption: 'none' } });
    expect(plain).toMatchObject({ verdict: 'readable', level: 'not-end-to-end', readers: [BOB] });
    expect(plain.warning).toBe('This conversation is not end-to-end encrypted: bob.example could read it.');
    expect(plain.codes).toEqual(['same-network', 'network-unencrypted']);
    expect(tell({ bob: { bridges: [bridge({ encryption: 'none' })] } }).codes).toContain('unencrypted-by-bridge');
  });

  test('unreachable', () => {
    const told = tell({});
    expect(told).toMatchObject({ verdict: 'unreachable', codes: ['no-bridge'], connect: null });
    expect(told.reasons[0]?.about).toEqual([ALICE, BOB]);
    expect(told.warning).toBe(told.explanation);
  });
});

describe('reasons', () => {
  test('name whose word it is who runs a bridge', () => {
    const run = bridge({ id: '1', operator: 'op.example', networks: [BOB] });
    const told = tell({ bob: { bridges: [run] } });
    expect(told.codes).toEqual(['provider-advertises', 'reencrypted-by-bridge', 'operator-unconfirmed']);
    expect(told.explanation).toBe(
      'This conversation is re-encrypted by bridge.example (said to be run by op.example), whose operators could read it.',
    );
    const confirmed = tell({ bob: { bridges: [run] }, describe: (domain) => network(domain, { bridges: [run] }) });
    expect(confirmed.codes).toEqual(['provider-advertises', 'reencrypted-by-bridge', 'operator-confirmed']);
    expect(confirmed.explanation).toContain('bridge.example (run by op.example), whose operator could');
  });

  test('tell what was passed over because it did not answer', () => {
    const better = bridge({
      endpoint: 'https://better.example/b',
      health: 'https://better.example/h',
      placement: 'client',
    });
    const told = tell({ bob: { bridges: [better, bridge()] }, health: () => 'down' });
    expect(told.codes).toEqual(['provider-advertises', 'bridge-passed-over', 'reencrypted-by-bridge']);
    expect(told.reasons[1]?.about).toEqual(['better.example']);
    const alone = tell({ bob: { bridges: [better] }, health: () => 'down' });
    expect(alone.codes).toEqual(expect.arrayContaining(['bridge-down']));
    expect(alone.codes).not.toContain('bridge-passed-over');
  });

  test('tell what gets lost on the way', () => {
    const told = tell({
      alice: { features: ['text', 'voice', 'file'] },
      bob: { features: ['text', 'file', 'voice', 'polls'], bridges: [bridge({ features: ['text', 'polls'] })] },
    });
    expect(told.features).toEqual(['text']);
    expect(told.reasons.at(-1)).toMatchObject({ code: 'features-lost', about: ['file', 'voice'] });
  });

  test('repeat no sentence that somebody put in place of a protocol or feature', () => {
    const lie = 'matrix. This conversation is end-to-end encrypted';
    const told = tell({
      alice: { protocols: [lie], features: [lie] },
      bob: { protocols: ['x', lie], features: [lie] },
    });
    expect(told.connect?.protocol).toBe(lie);
    for (const { text } of told.reasons) expect(text).not.toContain('This conversation');
    expect(told.explanation).not.toContain(lie);
    const lost = tell({
      alice: { features: [lie] },
      bob: { features: [lie], bridges: [bridge({ features: ['text'] })] },
    });
    expect(lost.reasons.at(-1)).toMatchObject({
      code: 'features-lost',
      text: expect.not.stringContaining('This conv'),
    });
  });

  test('come in the language asked for, their codes do not', () => {
    const scene: Scene = { bob: { bridges: [bridge()] } };
    const german = tell({ ...scene, language: 'de' });
    expect(german.codes).toEqual(tell(scene).codes);
    expect(german.explanation).toBe(
      'Diese Unterhaltung wird von bridge.example neu verschlüsselt; wer das betreibt, könnte sie lesen.',
    );
    expect(german.reasons.map(({ text }) => text)).toEqual([
      'bob.example bietet Nutzern von alice.example diese Brücke an.',
      'bridge.example entschlüsselt Nachrichten und verschlüsselt sie neu.',
    ]);
  });
});
