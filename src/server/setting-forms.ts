// What settings look like: the forms of single values, from which the table in settings.ts is made. Reads nothing.
import { z } from 'zod';
import { parseDomain } from '../protocol/domain.ts';
import { formatVkey, KEY_TYPES, parseVkey } from '../protocol/log/vkey.ts';
import { formatQuota, parseQuota } from './quota-text.ts';
import { isAddressRange } from './client-address.ts';
import type { LogChoice } from './witness/logs.ts';

/** One thing to set: as text in the environment, as text, number, boolean or list in the file. */
export interface Setting<T> {
  readonly schema: z.ZodType<T, string>;
  /** What a value looks like: completes the sentence "must be …". */
  readonly form: string;
  readonly doc: string;
  /** Parsed like any other value, so that the documented default is the real one. */
  readonly fallback?: string;
  /** Described in the docs where the default is not a constant. */
  readonly shown?: string;
  /** Never printed, never in the configuration file. */
  readonly secret?: true;
  /** Environment variable, where it is not WHEREABOUTS_ and the key in capitals. */
  readonly env?: string;
}

export const setting = <T>(setting: Setting<T>): Setting<T> => setting;

/** Text through `parse`, whatever it throws being "not of this form". */
const parsed = <T>(parse: (text: string) => T): z.ZodType<T, string> =>
  z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'not of this form' });
      return z.NEVER;
    }
  });

export const text = z.string().min(1);
export const list = <T>(item: z.ZodType<T, string>): z.ZodType<T[], string> =>
  z
    .string()
    .transform((value) => value.split(/[\s,]+/).filter((part) => part !== ''))
    .pipe(z.array(item));
export const oneOf = <const T extends readonly string[]>(...values: T) => z.enum(values);
export const domain = parsed((value): string => parseDomain(value));
export const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.number().int().max(65_535));
export const webUrl = parsed((value) => {
  const url = new URL(value);
  if (url.protocol !== 'https:' || url.username !== '' || url.search !== '' || url.hash !== '') throw new Error();
  return url.href.replace(/\/$/, '');
});
/** The one address that may be http: a collector is beside the program more often than not. */
export const collectorUrl = parsed((value) => {
  const url = new URL(value);
  if (!['http:', 'https:'].includes(url.protocol) || url.username !== '') throw new Error();
  return value;
});
export const origin = parsed((value) => {
  if (new URL(value).origin !== value) throw new Error();
  return value;
});
export const range = text.refine(isAddressRange);
export const count = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
/** Seconds since 1970, of a date or a date with time in UTC; a bare number is seconds already. */
export const moment = parsed((value) => {
  if (/^\d{1,12}$/.test(value)) return Number(value);
  const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z)?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new Error();
  return time / 1000;
});
const quota = parsed(parseQuota);
export const witness = parsed((value) => {
  const at = value.indexOf('@https://');
  if (at === -1) throw new Error();
  return { vkey: formatVkey(parseVkey(value.slice(0, at))), url: webUrl.parse(value.slice(at + 1)) };
});

export const watched = parsed((value): LogChoice => {
  if (!value.includes('+')) return { domain: parseDomain(value) };
  const key = parseVkey(value);
  if (key.type !== KEY_TYPES.ed25519) throw new Error();
  return { key };
});

export const PORT = 'a port number, 0 to 65535';
export const DOMAINS = 'domains, with commas between them';
export const RANGES = 'address ranges like 10.0.0.0/8, with commas between them';
const QUOTA = 'a quota like "1000 refill 60 per day", or 0';
export const MOMENT = 'a date like 2027-03-01 or 2027-03-01T12:00:00Z, or seconds since 1970';
export const FILE = 'a path';
export const quotaOf = (fallback: string, doc: string) =>
  setting({ schema: quota, form: QUOTA, fallback: formatQuota(parseQuota(fallback)), doc });
