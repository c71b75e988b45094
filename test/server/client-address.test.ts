// Which address counts: only configured proxies are believed, and nobody multiplies himself with IPv6.
import { describe, expect, test } from 'vitest';
import { isAddressRange, judgeClientAddress } from '../../src/server/client-address.ts';

const PROXIES = ['10.0.0.0/8', 'fd00::/8'];

describe('client address', () => {
  const cases: readonly (readonly [name: string, peer: string, forwarded: string, client: string | undefined])[] = [
    ['a direct client', '203.0.113.7', '', '203.0.113.7'],
    ['a direct client that makes up a header', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['behind a proxy', '10.1.1.1', '203.0.113.7', '203.0.113.7'],
    ['behind two proxies', '10.1.1.1', '203.0.113.7, 10.2.2.2', '203.0.113.7'],
    ['a client that prepends hops', '10.1.1.1', '1.1.1.1, 10.9.9.9, 203.0.113.7', '203.0.113.7'],
    ['a hop with a port', '10.1.1.1', '203.0.113.7:4711', '203.0.113.7'],
    ['a hop that is no address', '10.1.1.1', 'unknown', '10.1.1.1'],
    ['a hop in octal', '10.1.1.1', '0177.1', '10.1.1.1'],
    ['IPv6 by /64', '2001:db8:1:2:3:4:5:6', '', '2001:db8:1:2::/64'],
    ['IPv6 from a proxy', 'fd00::1', '[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
    ['IPv4 in IPv6 is IPv4', '::ffff:203.0.113.7', '', '203.0.113.7'],
    ['a proxy in IPv4-mapped form', '::ffff:10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['nothing known', '', '', undefined],
  ];
  test.each(cases)('%s', (_name, peer, forwarded, client) => {
    expect(judgeClientAddress(peer, forwarded, PROXIES)).toBe(client);
  });

  test('ranges', () => {
    const good = ['10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8'];
    const bad = ['', '10.0.0.0/33', '10', 'localhost', '127.1', '0x7f000001', 'fd00::/129', '10.0.0.0/', '/8'];
    expect(good.filter((text) => !isAddressRange(text))).toEqual([]);
    expect(bad.filter(isAddressRange)).toEqual([]);
  });
});
