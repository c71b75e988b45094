// How long a fetched description is used without asking again (RFC 9111 §4.2, within the bounds of §8.1). A domain may ask for
// longer than the least, never for so long that a key it takes back is believed for a day.
import { LIMITS } from '../protocol/limits.ts';

/** Seconds a reply with these headers is fresh for. */
export function freshSeconds(headers: Headers): number {
  const { descriptionFreshSeconds: least, descriptionFreshMostSeconds: most } = LIMITS;
  const directives = (headers.get('cache-control') ?? '').toLowerCase().split(',');
  const [, age] = /^\s*(\d{1,10})\s*$/.exec(headers.get('age') ?? '') ?? [];
  const given = directives.flatMap((directive) => /^\s*max-age="?(\d{1,10})"?\s*$/.exec(directive)?.[1] ?? []);
  // RFC 9111 §4.2.1: where a directive comes twice, the smaller one is the safe one.
  const asked = given.length === 0 ? least : Math.min(...given.map(Number)) - Number(age ?? 0);
  const refuses = directives.some((directive) => /^\s*no-(?:cache|store)\b/.test(directive));
  return refuses ? least : Math.min(most, Math.max(least, asked));
}
