// ENUM (RFC 6116): the name of a phone number under a zone → NAPTR records, one for each route. Knows no packets: those are
// platform/node/dns-server.ts.
import type { AnswerRoute } from '../../protocol/answer.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { parseIdentifier, type Identifier } from '../../protocol/identifier.ts';
import { utf8 } from '../../protocol/wire.ts';
import { contactUri, reachableRoutes, type Asker } from './reachable.ts';

/** The RDATA of a NAPTR record (RFC 3403 §4.1). */
export interface Naptr {
  readonly order: number;
  readonly preference: number;
  readonly flags: 'u';
  readonly services: string;
  readonly regexp: string;
  readonly replacement: '.';
}

/** E.164: at most fifteen digits. */
const DIGITS = 15;
/** RFC 1035 §3.3: a character string. */
const STRING_OCTETS = 255;

/** The number a name under `zone` means (RFC 6116 §3.2); undefined where it is none, as it is for the beginning of one. */
export function numberOf(name: string, zone: string): Identifier | undefined {
  const lower = name.toLowerCase();
  if (!lower.endsWith(`.${zone}`)) return undefined;
  const digits = lower.slice(0, -zone.length - 1).split('.');
  if (digits.length > DIGITS || !digits.every((digit) => /^[0-9]$/.test(digit))) return undefined;
  try {
    return parseIdentifier(`tel:+${digits.toReversed().join('')}`);
  } catch (error) {
    if (error instanceof WhereaboutsError && error.code === 'identifier-invalid') return undefined;
    throw error;
  }
}

/** The records of a number, the best route first; none where nobody is found. Throws like `reachableRoutes`. */
export async function findRecords(client: Asker, number: Identifier): Promise<Naptr[]> {
  const services = reachableRoutes(await client.where(number)).flatMap((route) => serviceOf(route) ?? []);
  return services.map(({ service, uri }, place) => ({
    order: 100,
    preference: 10 * (place + 1),
    flags: 'u',
    services: `E2U+${service}`,
    regexp: `!^.*$!${uri}!`,
    replacement: '.',
  }));
}

/** Enumservices as registered (RFC 6117), else `x-` and the protocol: for a bridge, where it is reached. */
function serviceOf(route: AnswerRoute): { service: string; uri: string } | undefined {
  const contact = contactUri(route);
  const uri = contact ?? route.connect?.endpoint;
  // A regular expression with `!` around it: neither that nor a reference back may stand in it.
  if (uri === undefined || /[!\\]|[^\x21-\x7e]/.test(uri) || utf8(`!^.*$!${uri}!`).length > STRING_OCTETS)
    return undefined;
  const scheme = /^(sip|xmpp|im)s?:/i.exec(contact ?? '')?.[1]?.toLowerCase();
  const service = scheme ?? `x-${(route.connect?.protocol ?? '').toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')}`;
  return service.length > 2 && service.length <= 32 ? { service, uri } : undefined;
}
