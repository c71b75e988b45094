// DNS messages as far as a small authoritative server needs them (RFC 1035, RFC 6891): one question in, one reply out, in few
// octets. What is not a question gets no reply, so that two servers never talk to each other.
import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  type Answer,
  type DecodedPacket,
  type Question,
} from 'dns-packet';

export const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

export interface DnsQuestion {
  /** In the case it was asked in, no dot at the end; `.` is the root. */
  readonly name: string;
  readonly type: string;
  readonly class: string;
}

export interface DnsReply {
  readonly rcode: keyof typeof RCODES;
  readonly answers?: readonly Answer[];
}

/** A question that can be replied to, or what to reply because it cannot be answered. */
export interface Query {
  readonly id: number;
  readonly isRecursive: boolean;
  readonly question?: DnsQuestion;
  readonly refusal?: DnsReply;
  /** Octets a reply over UDP may have; undefined without EDNS. */
  readonly udpOctets?: number;
}

const HEADER_OCTETS = 12;
/** A question with room for EDNS options; nobody needs more, and more would be work. */
export const QUERY_OCTETS = 1_232;
const PLAIN_UDP_OCTETS = 512;
/** DNS flag day 2020: what passes everywhere without fragments. */
const EDNS_UDP_OCTETS = 1_232;

const NAME = /^(?:\.|[\x21-\x2d\x2f-\x7e]{1,63}(?:\.[\x21-\x2d\x2f-\x7e]{1,63})*)$/;

/** Reads a message; undefined for what nobody should reply to. Never throws. */
export function parseQuery(message: Buffer): Query | undefined {
  if (message.length < HEADER_OCTETS || message.length > QUERY_OCTETS) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return undefined;
  const base = { id: message.readUInt16BE(0), isRecursive: (flags & RECURSION_DESIRED) !== 0 };
  if (((flags >> 11) & 0xf) !== 0) return { ...base, refusal: { rcode: 'NOTIMP' } };
  const packet = message.readUInt16BE(4) === 1 ? tryDecode(message) : undefined;
  const [question] = packet?.questions ?? [];
  if (packet === undefined || question === undefined || !NAME.test(question.name) || question.name.length > 253)
    return { ...base, refusal: { rcode: 'FORMERR' } };
  const edns = packet.additionals?.find((record) => record.type === 'OPT');
  const { name, type, class: klass = 'IN' } = question;
  return {
    ...base,
    question: { name, type, class: klass },
    ...(edns?.type === 'OPT' ? { udpOctets: clamp(edns.udpPayloadSize ?? 0) } : {}),
  };
}

const clamp = (octets: number): number => Math.min(EDNS_UDP_OCTETS, Math.max(PLAIN_UDP_OCTETS, octets));

function tryDecode(message: Buffer): DecodedPacket | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

/** A reply; over UDP one that does not fit is cut to nothing and marked so, and the asker comes again over TCP. */
export function formatReply(query: Query, { rcode, answers = [] }: DnsReply, transport: 'udp' | 'tcp'): Buffer {
  const { id, isRecursive, question, udpOctets } = query;
  const flags = AUTHORITATIVE_ANSWER | (isRecursive ? RECURSION_DESIRED : 0) | RCODES[rcode];
  const packet = {
    type: 'response' as const,
    id,
    questions: question?.class === 'IN' ? [question as Question] : [],
    additionals: udpOctets === undefined ? [] : [OPT],
  };
  const whole = encode({ ...packet, flags, answers: [...answers] });
  if (transport === 'tcp' || whole.length <= (udpOctets ?? PLAIN_UDP_OCTETS)) return whole;
  return encode({ ...packet, flags: flags | TRUNCATED_RESPONSE, answers: [] });
}

const OPT: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: EDNS_UDP_OCTETS,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};
