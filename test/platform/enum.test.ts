// ENUM as node:dns asks it, over UDP and TCP; and rubbish, floods and hangers-on, after which it still answers.
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { decode, encode, streamDecode, streamEncode, type Packet } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenDns } from '../../src/platform/node/dns-server.ts';
import { listenEnum } from '../../src/platform/node/enum-server.ts';
import type { Listening } from '../../src/platform/node/serve.ts';
import type { Quota } from '../../src/server/context.ts';
import { numberOf } from '../../src/server/lookups/enum.ts';
import { BOB_MXID, DISPUTED, NOBODY, openLookups, OPTED_OUT, ROOMY } from '../server/lookups/lookup-world.ts';

const ZONE = 'e164.arpa';
const nameOf = (number: string): string => `${number.replaceAll(/\D/g, '').split('').toReversed().join('.')}.${ZONE}`;
const BOB = nameOf('+44 20 7946 0123');

let world: Awaited<ReturnType<typeof openLookups>>;
let server: Listening;
const open = (quota: Quota = ROOMY) => {
  const { client, log } = world;
  return listenEnum({ client, zone: ZONE, host: '127.0.0.1', port: 0, quota, clock: Date.now, log });
};
beforeAll(async () => {
  world = await openLookups();
  server = await open();
});
afterAll(async () => {
  await server.close();
  await world.close();
});

function resolver({ port }: Listening = server): Resolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return resolver;
}

const question = (name: string, more: Partial<Packet> = {}): Packet => ({
  type: 'query',
  id: 4711,
  questions: [{ type: 'NAPTR', name }],
  ...more,
});

async function overTcp(name: string, { port }: Listening = server) {
  const socket = connect(port, '127.0.0.1');
  socket.write(streamEncode(question(name)));
  let held = Buffer.alloc(0);
  for await (const chunk of socket) {
    held = Buffer.concat([held, chunk as Buffer]);
    const reply = held.length < 2 ? null : streamDecode(held);
    if (reply !== null) return reply;
  }
  throw new Error('hung up');
}

/** What comes back for a datagram within `milliseconds`, if anything. */
async function overUdp(message: Buffer, milliseconds = 200): Promise<Buffer | undefined> {
  const socket = createSocket('udp4');
  const got = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(message, server.port, '127.0.0.1');
  const reply = await Promise.race([
    got,
    new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), milliseconds)),
  ]);
  socket.close();
  return reply?.[0];
}

const NAPTR = {
  order: 100,
  preference: 10,
  flags: 'u',
  regexp: '!^.*$!matrix:u/bob:bob.example!',
};

describe('resolveNaptr', () => {
  test('gets the record of Bob', async () => {
    expect(BOB_MXID).toBe('@bob:bob.example');
    expect(await resolver().resolveNaptr(BOB)).toEqual([{ ...NAPTR, service: 'E2U+x-matrix', replacement: '' }]);
    expect(await resolver().resolveNaptr(BOB.toUpperCase())).toHaveLength(1);
  });

  test.each([
    ['nobody', nameOf(NOBODY), 'ENOTFOUND'],
    ['somebody in dispute', nameOf(DISPUTED), 'ENOTFOUND'],
    ['who does not want to be found', nameOf(OPTED_OUT), 'ENOTFOUND'],
    ['the beginning of a number', nameOf('+44 20'), 'ENODATA'],
    ['the zone', ZONE, 'ENODATA'],
    ['another zone', nameOf('+44 20 7946 0123').replace(ZONE, 'e164.example'), 'EREFUSED'],
  ])('of %s', async (_, name, code) => {
    await expect(resolver().resolveNaptr(name)).rejects.toMatchObject({ code });
  });

  test('where it is not known: a failure, no "no"', async () => {
    world.member.temper = 'down';
    await expect(resolver().resolveNaptr(BOB)).rejects.toMatchObject({ code: 'ESERVFAIL' });
    world.member.temper = 'honest';
  });

  test('other records of a number are not there, and nobody is asked', async () => {
    world.federation.sent.length = 0;
    await expect(resolver().resolveTxt(BOB)).rejects.toMatchObject({ code: 'ENODATA' });
    expect(world.federation.sent).toEqual([]);
  });

  test('comes again over TCP where a reply does not fit', async () => {
    const asked: string[] = [];
    const answers = Array.from({ length: 8 }, (_, i) => ({
      type: 'NAPTR' as const,
      name: 'long.example',
      ttl: 60,
      data: { ...NAPTR, preference: i, services: 'E2U+sip', regexp: `!^.*$!sip:${'x'.repeat(200)}!`, replacement: '.' },
    }));
    const long = await listenDns({
      host: '127.0.0.1',
      port: 0,
      answer: async ({ type }) => {
        asked.push(type);
        return { rcode: 'NOERROR', answers };
      },
      onFault: () => undefined,
    });
    expect(await resolver(long).resolveNaptr('long.example')).toHaveLength(8);
    expect(asked).toEqual(['NAPTR', 'NAPTR']);
    await long.close();
  });
});

test('over TCP, several times on one connection', async () => {
  const reply = await overTcp(BOB);
  expect(reply).toMatchObject({ id: 4711, answers: [{ type: 'NAPTR', data: { ...NAPTR, services: 'E2U+x-matrix' } }] });
  const socket = connect(server.port, '127.0.0.1');
  const ask = streamEncode(question(nameOf('+44 20')));
  const octets: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => octets.push(chunk));
  // In pieces, and two at once.
  socket.write(ask.subarray(0, 1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.end(Buffer.concat([ask.subarray(1), ask, ask]));
  await once(socket, 'close');
  const all = Buffer.concat(octets);
  expect(all.length % 3).toBe(0);
  expect(streamDecode(all.subarray((all.length / 3) * 2))).toMatchObject({ id: 4711, type: 'response' });
});

describe('what is no question', () => {
  const valid = encode(question(BOB));
  const change = (at: number, ...octets: number[]): Buffer => {
    const changed = Buffer.from(valid);
    changed.set(octets, at);
    return changed;
  };

  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['half a header', valid.subarray(0, 11)],
    ['a reply: two servers never talk to each other', encode({ ...question(BOB), type: 'response' })],
    ['too much', Buffer.concat([valid, Buffer.alloc(1_300)])],
  ])('gets no reply: %s', async (_, message) => {
    expect(await overUdp(message)).toBeUndefined();
  });

  test.each<[string, Buffer, string]>([
    ['no question', change(4, 0, 0), 'FORMERR'],
    ['two questions', change(4, 0, 2), 'FORMERR'],
    ['more records than there are', change(6, 0xff, 0xff), 'FORMERR'],
    ['a name that goes round in circles', change(12, 0xc0, 12), 'FORMERR'],
    ['a name that runs out', change(12, 63), 'FORMERR'],
    ['a name with a space', change(13, 0x20), 'FORMERR'],
    ['another operation', change(2, 0x28), 'NOTIMP'],
    ['another class', encode(question(BOB, { questions: [{ type: 'NAPTR', name: BOB, class: 'CH' }] })), 'REFUSED'],
  ])('gets a code and nothing of itself: %s', async (_, message, rcode) => {
    const reply = await overUdp(message, 2_000);
    expect(decode(reply ?? Buffer.alloc(0))).toMatchObject({ id: 4711, type: 'response', rcode, answers: [] });
    expect(reply?.length).toBeLessThanOrEqual(message.length);
  });

  test('over TCP: too long is hung up on', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(Buffer.from([0xff, 0xff, 1, 2, 3]));
    await once(socket.resume(), 'close');
  });

  test('ten thousand datagrams of noise later, it answers', async () => {
    const socket = createSocket('udp4');
    for (let i = 0; i < 10_000; i++) {
      const noise = crypto.getRandomValues(new Uint8Array(i % 300));
      await new Promise((resolve) => socket.send(noise, server.port, '127.0.0.1', resolve));
    }
    socket.close();
    expect(await resolver().resolveNaptr(BOB)).toHaveLength(1);
  });
});

describe('a flood', () => {
  test('of questions: at most 256 are under way, the rest is dropped', async () => {
    let [running, most] = [0, 0];
    const gate = Promise.withResolvers<undefined>();
    const slow = await listenDns({
      host: '127.0.0.1',
      port: 0,
      answer: async () => {
        running += 1;
        most = Math.max(most, running);
        await gate.promise;
        running -= 1;
        return { rcode: 'NOERROR' };
      },
      onFault: () => undefined,
    });
    const socket = createSocket('udp4');
    const message = encode(question('a.example'));
    for (let i = 0; i < 1_000; i++)
      await new Promise((resolve) => socket.send(message, slow.port, '127.0.0.1', resolve));
    await expect.poll(() => most).toBe(256);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(most).toBe(256);
    gate.resolve(undefined);
    await expect.poll(() => running).toBe(0);
    await expect(resolver(slow).resolveNaptr('a.example')).rejects.toMatchObject({ code: 'ENODATA' });
    socket.close();
    await slow.close();
  });

  test('of connections: those beyond 64 are hung up on, and datagrams are still answered', async () => {
    const other = await open();
    const sockets = Array.from({ length: 80 }, () => connect(other.port, '127.0.0.1'));
    let gone = 0;
    for (const socket of sockets)
      socket
        .on('error', () => undefined)
        .on('close', () => (gone += 1))
        .resume();
    await expect.poll(() => gone).toBe(16);
    expect(await resolver(other).resolveNaptr(BOB)).toHaveLength(1);
    await other.close();
    await expect.poll(() => gone).toBe(80);
  });

  test('of one address: past its allowance it is refused', async () => {
    const few = await open({ capacity: 2, refill: 1, seconds: 86_400 });
    const ask = () => resolver(few).resolveNaptr(BOB);
    expect([await ask(), await ask()]).toHaveLength(2);
    await expect(ask()).rejects.toMatchObject({ code: 'EREFUSED' });
    await few.close();
  });
});

test('no name, which is a number, is ever logged', () => {
  expect(world.logged.some((line) => line.startsWith('enum'))).toBe(true);
  expect(world.logged.join('\n')).not.toMatch(/442079|3\.2\.1\.0|7946|127\.0\.0\.1/);
});

test('names and numbers (RFC 6116 §3.2)', () => {
  expect(numberOf(BOB, ZONE)).toBe('tel:+442079460123');
  expect(numberOf(BOB.replace('arpa', 'ARPA'), ZONE)).toBe('tel:+442079460123');
  for (const name of [
    ZONE,
    `x.${BOB}`,
    `44.${ZONE}`,
    `1.2.${ZONE}`,
    BOB.slice(1),
    `${BOB}.example`,
    `${'1.'.repeat(16)}${ZONE}`,
  ])
    expect(numberOf(name, ZONE)).toBeUndefined();
});

test('a port that somebody has is said to be taken', async () => {
  const { client, log } = world;
  const busy = listenEnum({
    client,
    zone: ZONE,
    host: '127.0.0.1',
    port: server.port,
    quota: ROOMY,
    clock: Date.now,
    log,
  });
  await expect(busy).rejects.toMatchObject({ code: 'address-busy' });
});
