// A tiny real DNS server on loopback: answers A and AAAA from a table, counts what it was asked, may change its mind.
import { createSocket } from 'node:dgram';
import ipaddr from 'ipaddr.js';

/** Addresses by name; a list of lists is answered one list after the other, the last one for ever. */
export type Zone = Record<string, string[] | string[][]>;

export async function startDns(zone: Zone) {
  const asked: string[] = [];
  const turns = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (query, peer) => {
    const labels: string[] = [];
    let at = 12;
    while (query[at] !== 0) {
      const length = query[at] ?? 0;
      labels.push(query.subarray(at + 1, at + 1 + length).toString('latin1'));
      at += length + 1;
    }
    const question = query.subarray(12, at + 5);
    const type = query.readUInt16BE(at + 1) === 28 ? 'AAAA' : 'A';
    const name = labels.join('.').toLowerCase();
    const turn = turns.get(`${name} ${type}`) ?? 0;
    turns.set(`${name} ${type}`, turn + 1);
    asked.push(`${type} ${name}`);
    const held = zone[name] ?? [];
    const listed = held.flatMap((item) => (typeof item === 'string' ? [] : [item]));
    const addresses =
      listed.length > 0
        ? (listed[Math.min(turn, listed.length - 1)] ?? [])
        : held.filter((item) => typeof item === 'string');
    const answers = addresses
      .map((text) => ipaddr.parse(text))
      .filter((address) => (address.kind() === 'ipv6') === (type === 'AAAA'))
      .map((address) => {
        const octets = Buffer.from(address.toByteArray());
        const head = Buffer.from([0xc0, 12, 0, type === 'A' ? 1 : 28, 0, 1, 0, 0, 0, 0, 0, octets.length]);
        return Buffer.concat([head, octets]);
      });
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(name in zone ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    socket.send(Buffer.concat([header, question, ...answers]), peer.port, peer.address);
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  return {
    server: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise<void>((done) => socket.close(() => done())),
  };
}
