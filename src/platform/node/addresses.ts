// Which addresses may be connected to on a stranger's word (§8.1): public unicast, and what the operator adds.
import ipaddr from 'ipaddr.js';
import { WhereaboutsError } from '../../protocol/errors.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = [Address, number];

/** Decides about an address in text, given the CIDRs an operator allows; a bad CIDR throws `config-invalid`. */
export function allowedAddresses(allow: readonly string[]): (address: string) => boolean {
  const cidrs = allow.map(parseCidr);
  return (text) => {
    // An IPv4-mapped address is judged as the IPv4 address it is.
    const address = ipaddr.process(text);
    return isPublic(address) || cidrs.some((cidr) => contains(cidr, address));
  };
}

const GLOBAL_UNICAST: Cidr = [ipaddr.IPv6.parse('2000::'), 3];

/** Also no 6to4, Teredo, NAT64 or IPv4-compatible address, in which a private one may hide. */
function isPublic(address: Address): boolean {
  return address.range() === 'unicast' && (address.kind() === 'ipv4' || contains(GLOBAL_UNICAST, address));
}

const contains = ([network, bits]: Cidr, address: Address): boolean =>
  network.kind() === address.kind() && address.match(network, bits);

function parseCidr(text: string): Cidr {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', 'an allowed address is not a CIDR', { cause });
  }
}
