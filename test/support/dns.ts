// A tiny real DNS server on loopback: answers A, AAAA and TXT from tables, counts what it was asked, may change its mind.
import { createSocket } from 'node:dgram';
import { encode } from 'dns-packet';
import ipaddr from 'ipaddr.js';

/** Addresses by name; a list of lists is answered one list after the other, the last one for ever. */
export type Zone = Record<string, string[] | string[][]>;

/** TXT records by name; a word instead of a list is how the server fails. */
export type Texts = Record<string, string[] | 'SERVFAIL' | 'silence'>;

/** The reply to a question for TXT, or none. */
function answerTxt(id: number, name: string, held: Texts[string] | undefined): Buffer | undefined {
  if (held === 'silence') return undefined;
  const rcode = held === undefined ? 3 : held === 'SERVFAIL' ? 2 : 0;
  return encode({
    type: 'response',
    id,
    flags: 0x180 | rcode,
    questions: [{ name, type: 'TXT', class: 'IN' }],
    // A string holds 255 octets: longer ones come in several.
    answers: (Array.isArray(held) ? held : []).map((text) => ({
      name,
      type: 'TXT',
      ttl: 0,
      data: text.match(/.{1,50}/gs) ?? [''],
    })),
  });
}

export async function startDns(zone: Zone, texts: Texts = {}) {
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
    const name = labels.join('.').toLowerCase();
    if (query.readUInt16BE(at + 1) === 16) {
      asked.push(`TXT ${name}`);
      const reply = answerTxt(query.readUInt16BE(0), name, texts[name]);
      if (reply !== undefined) socket.send(reply, peer.port, peer.address);
      return;
    }
    const type = query.readUInt16BE(at + 1) === 28 ? 'AAAA' : 'A';
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
