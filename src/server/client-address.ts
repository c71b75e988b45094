// Which address a request counts for (§10): believed from configured proxies only, IPv6 by /64. The doors call it, apps read `c.env.client`.
import ipaddr from 'ipaddr.js';

/** What the doors hand to an app beside the request. */
export interface Bindings {
  /** The client's address as quotas count it; absent where the platform knows none. */
  readonly client?: string;
}

// The library also reads "127.1" and "0x7f000001": nobody writes those in a header or a configuration in earnest.
const isAddress = (text: string): boolean =>
  ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text));

/** Whether `text` is an address or a CIDR range. */
export const isAddressRange = (text: string): boolean =>
  isAddress(text) || (isAddress(text.split('/', 1)[0] ?? '') && ipaddr.isValidCIDR(text));

/** Whether `address` lies in one of `ranges`; what is not an address lies in none. */
export function isInRanges(address: string, ranges: readonly string[]): boolean {
  if (!isAddress(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some((range) => {
    const [base, bits] = ipaddr.isValidCIDR(range)
      ? ipaddr.parseCIDR(range)
      : [ipaddr.parse(range), ipaddr.parse(range).kind() === 'ipv4' ? 32 : 128];
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

/**
 * The subject of per-address quotas: the nearest hop that is not a trusted proxy.
 * Read from the right: everything left of the first hop we do not trust may be made up.
 */
export function judgeClientAddress(
  peer: string,
  forwardedFor: string | undefined,
  trusted: readonly string[],
): string | undefined {
  const hops = [...(forwardedFor ?? '').split(','), peer].map((hop) => hop.trim()).filter((hop) => hop !== '');
  let client: string | undefined;
  for (const hop of hops.toReversed()) {
    const address = withoutPort(hop);
    if (address === undefined) break;
    client = address;
    if (!isInRanges(address, trusted)) break;
  }
  return client === undefined ? undefined : formatSubject(client);
}

/** Some proxies write "203.0.113.7:4711" or "[2001:db8::1]:4711". */
function withoutPort(hop: string): string | undefined {
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
  return isAddress(address) ? address : undefined;
}

function formatSubject(address: string): string {
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const groups = ipaddr.parse(parsed.toString()).toByteArray().slice(0, 8);
  return `${ipaddr.fromByteArray([...groups, 0, 0, 0, 0, 0, 0, 0, 0]).toString()}/64`;
}
