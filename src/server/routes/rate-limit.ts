// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10): structured lists, one item a quota.
import type { Balance } from '../directory/evaluation-quota.ts';
import { secondsToRefill } from '../store/quotas.ts';

/**
 * q: what the bucket holds; w: seconds in which an empty one fills; r: what is left; t: seconds until it is full again.
 * The unit is elements, not requests.
 */
export function rateLimitHeaders(balances: readonly Balance[]): Record<string, string> {
  const policies = balances.map(
    ({ policy, quota }) => `"${policy}";q=${quota.capacity};qu="elements";w=${secondsToRefill(quota, quota.capacity)}`,
  );
  const limits = balances.map(
    ({ policy, quota, left }) => `"${policy}";r=${Math.floor(left)};t=${secondsToRefill(quota, quota.capacity - left)}`,
  );
  return { 'ratelimit-policy': policies.join(', '), ratelimit: limits.join(', ') };
}
