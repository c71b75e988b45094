// Identifiers in canonical form (§2): phone numbers and e-mail addresses as URIs. Rules I1 to I9 are those of the vectors.
// What does not fit is `identifier-invalid`, and the message never repeats the input.
import { parsePhoneNumberFromString, isSupportedCountry } from 'libphonenumber-js/max';
import { toASCII } from 'tr46';
import { WhereaboutsError } from './errors.ts';
import { utf8 } from './wire.ts';

declare const brand: unique symbol;

/** A canonical URI: `tel:` and E.164, or `mailto:` and an address. */
export type Identifier = string & { readonly [brand]: 'Identifier' };
export type IdentifierKind = 'tel' | 'mailto';

const MAX_INPUT = 1_024;
const MAX_LOCAL_OCTETS = 64;
const MAX_ADDRESS_OCTETS = 254;
const MAX_DOMAIN_OCTETS = 253;

const invalid = (message: string): WhereaboutsError => new WhereaboutsError('identifier-invalid', message);

/** Reads a phone number or e-mail address in any notation; `region` (ISO 3166) is for national phone numbers. */
export function parseIdentifier(input: string, region?: string): Identifier {
  if (input.length > MAX_INPUT) throw invalid('too long for a phone number or e-mail address');
  // I1: ASCII white space at both ends is dropped, nothing else.
  const trimmed = input.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  const [, scheme = '', rest = ''] = /^((?:tel|mailto):)?(.*)$/isu.exec(trimmed) ?? [];
  const kind = scheme.toLowerCase();
  if (kind === 'mailto:' || (kind === '' && rest.includes('@'))) return parseEmail(rest);
  // I2: after tel: the number must be international.
  if (kind === 'tel:' && !rest.startsWith('+')) throw invalid('a tel: URI must hold an international number');
  return parsePhone(rest, region);
}

export const identifierKind = (id: Identifier): IdentifierKind => (id.startsWith('tel:') ? 'tel' : 'mailto');

/** The domain of an e-mail address, undefined for a phone number. */
export const identifierDomain = (id: Identifier): string | undefined =>
  identifierKind(id) === 'mailto' ? id.slice(id.lastIndexOf('@') + 1) : undefined;

function parsePhone(text: string, region: string | undefined): Identifier {
  // I4: no letter (vanity numbers, extensions), no control character, no parameter.
  if (/[\p{L}\p{C};?]/u.test(text)) throw invalid('not a phone number');
  if (region !== undefined && !isSupportedCountry(region)) throw invalid('the region is not known');
  const number = parsePhoneNumberFromString(text, {
    extract: false,
    ...(region !== undefined && isSupportedCountry(region) ? { defaultCountry: region } : {}),
  });
  if (number === undefined || number.ext !== undefined || !number.isValid()) throw invalid('not a valid phone number');
  return `tel:${number.number}` as Identifier;
}

function parseEmail(text: string): Identifier {
  const at = text.lastIndexOf('@');
  if (at <= 0) throw invalid('not an e-mail address');
  const address = `${parseLocalPart(text.slice(0, at))}@${parseMailDomain(text.slice(at + 1))}`;
  // I9: without the scheme.
  if (utf8(address).length > MAX_ADDRESS_OCTETS) throw invalid('the e-mail address is too long');
  return `mailto:${address}` as Identifier;
}

// I7: atext of RFC 5322 and, as RFC 6531 allows, what is not ASCII except controls, lone surrogates (C*) and separators (Z*).
const DOT_ATOM =
  /^(?:[\w!#$%&'*+\-/=?^`{|}~]|(?![\p{C}\p{Z}])[^\0-\x7f])+(?:\.(?:[\w!#$%&'*+\-/=?^`{|}~]|(?![\p{C}\p{Z}])[^\0-\x7f])+)*$/u;

function parseLocalPart(text: string): string {
  // I6: NFC, lower case, NFC; never NFKC.
  const local = text.normalize('NFC').toLowerCase().normalize('NFC');
  if (!DOT_ATOM.test(local)) throw invalid('the local part is not a dot-atom');
  if (utf8(local).length > MAX_LOCAL_OCTETS) throw invalid('the local part is too long');
  return local;
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function parseMailDomain(text: string): string {
  // I8: before mapping only letters, digits, hyphens, dots and what is not ASCII.
  if (!/^[A-Za-z0-9.\-\u0080-\u{10ffff}]+$/u.test(text)) throw invalid('not a domain');
  const ascii = toASCII(text, {
    checkBidi: true,
    checkHyphens: false,
    checkJoiners: true,
    useSTD3ASCIIRules: true,
    transitionalProcessing: false,
    verifyDNSLength: false,
  });
  const labels = ascii?.split('.') ?? [];
  const last = labels.at(-1) ?? '';
  if (
    ascii === null ||
    ascii.length > MAX_DOMAIN_OCTETS ||
    labels.length < 2 ||
    !labels.every((label) => LABEL.test(label))
  )
    throw invalid('not a domain');
  // The URL standard's "ends in a number": no IP address in any spelling.
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(last)) throw invalid('not a domain');
  return ascii;
}

/** The region (ISO 3166) a phone number is of; undefined for an e-mail address and for numbers of no country. */
export const identifierRegion = (id: Identifier): string | undefined =>
  identifierKind(id) === 'tel' ? parsePhoneNumberFromString(id)?.country : undefined;
