// How an operator writes a quota: "1000 refill 60 per day". Charging it is the store's business.
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Quota } from './context.ts';

const SECONDS = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const;
const FORM = /^(\d{1,12})(?: refill (\d{1,12}) per (second|minute|hour|day))?$/;

const isUnit = (text: string | undefined): text is keyof typeof SECONDS =>
  text !== undefined && Object.hasOwn(SECONDS, text);

/** Reads "1000 refill 60 per day"; without refill the bucket fills once and stays empty. */
export function parseQuota(text: string): Quota {
  const [, capacity, refill, unit] = FORM.exec(text.trim()) ?? [];
  if (capacity === undefined) throw new WhereaboutsError('config-invalid', 'not a quota');
  return { capacity: Number(capacity), refill: Number(refill ?? 0), seconds: isUnit(unit) ? SECONDS[unit] : 60 };
}

export function formatQuota(quota: Quota): string {
  const unit = Object.entries(SECONDS).find(([, seconds]) => seconds === quota.seconds)?.[0];
  return quota.refill === 0 || unit === undefined
    ? String(quota.capacity)
    : `${quota.capacity} refill ${quota.refill} per ${unit}`;
}
