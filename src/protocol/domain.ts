// Host names and service URLs as the protocol writes them (§2, §8). Resolves and fetches nothing: evidence/safe-fetch.ts does.
import { getDomain } from 'tldts';
import { toASCII } from 'tr46';
import { WhereaboutsError } from './errors.ts';

declare const brand: unique symbol;

/** A lower-case host name in A-labels, two labels or more, no port, no dot at the end. */
export type Domain = string & { readonly [brand]: 'Domain' };

const MAX_OCTETS = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const UTS46 = {
  checkBidi: true,
  checkJoiners: true,
  useSTD3ASCIIRules: true,
  verifyDNSLength: true,
  transitionalProcessing: false,
} as const;

/** True for a domain in exactly the form the protocol writes it in. */
export function isDomain(text: string): boolean {
  if (text.length > MAX_OCTETS) return false;
  const labels = text.split('.');
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label))) return false;
  // A last label that is a number makes an IPv4 address of it in every URL parser (WHATWG URL, "ends in a number").
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) return false;
  return !labels.some((label) => label.startsWith('xn--')) || toASCII(text, UTS46) === text;
}

/** Parses a domain; anything but its one spelling throws `request-invalid`. */
export function parseDomain(text: string): Domain {
  if (!isDomain(text)) throw new WhereaboutsError('request-invalid', 'not a domain name in lower case');
  return text as Domain;
}

/** `*.localhost`: names of the sandbox, which resolve to this very machine. */
export const isLocal = (domain: string): boolean => domain.endsWith('.localhost');

/** What quotas count by (§10): the part somebody registered, private suffixes of the public suffix list included. */
export function registrableDomain(domain: string): string {
  if (isLocal(domain)) return domain;
  return getDomain(domain, { allowPrivateDomains: true }) ?? domain;
}

/** Ports below are other services', whatever a description says: 443 is no port in a URL. */
const LEAST_PORT = 1_024;

/**
 * True for a URL a description or route may name (§8.1): https, a host name, no credentials, no port of another service; in
 * the sandbox http to `*.localhost`.
 */
export function isServiceUrl(text: string, { sandbox }: { readonly sandbox: boolean }): boolean {
  // The URL parser drops white space and reads `\` as `/`: what is checked must be what was written.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text)) return false;
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || !isDomain(url.hostname)) return false;
  if (isLocal(url.hostname)) return sandbox && url.protocol === 'http:';
  return url.protocol === 'https:' && (url.port === '' || Number(url.port) >= LEAST_PORT);
}
