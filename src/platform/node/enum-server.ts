// ENUM (RFC 6116) for one zone: questions for NAPTR records become questions of the blind protocol. Names, which are numbers, and
// addresses of askers go nowhere else: no log line has either.
import type { Answer } from 'dns-packet';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { judgeClientAddress } from '../../server/client-address.ts';
import type { Clock, Log, Quota } from '../../server/context.ts';
import { describeFailure } from '../../server/failure.ts';
import { createAllowance } from '../../server/lookups/allowance.ts';
import { findRecords, numberOf } from '../../server/lookups/enum.ts';
import type { Asker } from '../../server/lookups/reachable.ts';
import type { DnsQuestion, DnsReply } from './dns-message.ts';
import { listenDns } from './dns-server.ts';
import type { Listening } from './serve.ts';

export interface EnumOptions {
  readonly client: Asker;
  readonly zone: string;
  readonly host: string;
  readonly port: number;
  /** Questions per client address. */
  readonly quota: Quota;
  readonly clock: Clock;
  readonly log: Log;
}

/** Seconds others may keep an answer: short, for who withdraws wants to be gone. */
const TTL = 60;

/** Answers until it is closed; throws `address-busy` or `config-invalid`. */
export function listenEnum({ client, zone, host, port, quota, clock, log }: EnumOptions): Promise<Listening> {
  const allowance = createAllowance(quota, clock);
  const answer = async (question: DnsQuestion, address: string): Promise<DnsReply> => {
    const name = question.name.toLowerCase();
    if (question.class !== 'IN' || (name !== zone && !name.endsWith(`.${zone}`))) return { rcode: 'REFUSED' };
    const number = numberOf(name, zone);
    // No number, or other records: the name may be there, but nothing stands under it. Nobody is asked.
    if (number === undefined || (question.type !== 'NAPTR' && question.type !== 'ANY')) return { rcode: 'NOERROR' };
    try {
      allowance.charge(judgeClientAddress(address, undefined, []) ?? '', 1);
    } catch {
      return { rcode: 'REFUSED' };
    }
    const records = await findRecords(client, number);
    log.debug('enum', { records: records.length });
    const answers = records.map((data): Answer => ({ type: 'NAPTR', name: question.name, ttl: TTL, data }));
    // Without an SOA in it, nobody keeps a "no" (RFC 2308 §5).
    return { rcode: answers.length === 0 ? 'NXDOMAIN' : 'NOERROR', answers };
  };
  const onFault = (error: unknown): void => {
    // What is not known is no fault of ours.
    const isKnown = error instanceof WhereaboutsError && error.code !== 'internal-error';
    if (isKnown) log.debug('enum-unknown', { code: error.code });
    else log.error('enum-failed', describeFailure(error));
  };
  return listenDns({ host, port, answer, onFault });
}
