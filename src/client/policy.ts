// Whom a gatekeeper asks and whom it believes: its policy, read once from JSON. Fetches nothing and judges nothing.
import { z } from 'zod';
import type { Description } from '../protocol/description.ts';
import { parseDomain } from '../protocol/domain.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { TrustPolicy } from '../protocol/judgement.ts';
import { parseJson } from '../protocol/json.ts';
import { LIMITS } from '../protocol/limits.ts';
import { logPin, type LogPin } from './log-pin.ts';

/** Whom this gatekeeper asks, believes and offers (docs/protocol.md §5.3, §7). */
export interface Policy {
  /** The gatekeeper's own domain: whose users ask. */
  readonly domain: string;
  /** Directories asked, the first one also for registrations. */
  readonly directories: readonly string[];
  /** Ask also the directories that these name as their peers: one step, no further. */
  readonly peers?: boolean;
  /** Issuers believed about phone numbers and about e-mail addresses. */
  readonly trust: TrustPolicy;
  /** Domains whose descriptions are kept at hand (their keys, names and bridges) but which are believed about nobody's identifier. */
  readonly known: readonly string[];
  /** Networks to offer when nobody is found, best first. */
  readonly alternatives: readonly string[];
  /** Networks to offer first to people of a region (ISO 3166), best first. */
  readonly regions?: Readonly<Record<string, readonly string[]>>;
  /** What is demanded of directories' logs, by domain: one that is not named is believed about its own key, without witnesses. */
  readonly logs?: Readonly<Record<string, LogPin>>;
  /** Where directories' public octets are read from as files (§6.8), by domain; `false`: from their API, whatever they say. */
  readonly publications?: Readonly<Record<string, string | false>>;
}

const domain = z.string().transform((text, context): string => {
  try {
    return parseDomain(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'not a domain name' });
    return z.NEVER;
  }
});

const domains = z
  .array(domain)
  .max(256)
  .refine((list) => new Set(list).size === list.length, 'names a domain twice');

const schema = z
  .strictObject({
    domain,
    directories: domains.min(1),
    peers: z.boolean().exactOptional(),
    trust: z.strictObject({ tel: domains.default([]), mailto: domains.default([]) }).default({ tel: [], mailto: [] }),
    known: domains.default([]),
    alternatives: domains.default([]),
    regions: z.record(z.string().regex(/^[A-Z]{2}$/), domains).exactOptional(),
    logs: z.record(domain, logPin).exactOptional(),
    publications: z.record(domain, z.union([z.url({ protocol: /^https?$/ }), z.literal(false)])).exactOptional(),
  })
  // A pin with a misspelt domain would demand nothing of anybody. Whose peers may be asked is not known beforehand.
  .refine(
    ({ directories, peers, logs = {} }) =>
      peers === true || Object.keys(logs).every((name) => directories.includes(name)),
    { path: ['logs'], error: 'names a domain that is not among the directories' },
  );

/** Reads a policy from JSON text or a value; `policy-invalid` names the place that is wrong and never what stands there. */
export function parsePolicy(input: unknown): Policy {
  const result = schema.safeParse(typeof input === 'string' ? parseText(input) : input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new WhereaboutsError('policy-invalid', `policy: ${issue === undefined ? 'not valid' : formatIssue(issue)}`);
}

function parseText(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new WhereaboutsError('policy-invalid', 'policy: not JSON, or a member stands twice', { cause });
  }
}

/** Every domain whose description a holder of this policy keeps fresh, on a schedule and never because of a look-up (§4.1). */
export function describedDomains(policy: Policy): string[] {
  const { trust } = policy;
  return [
    ...new Set([
      policy.domain,
      ...policy.directories,
      ...trust.tel,
      ...trust.mailto,
      ...policy.known,
      ...policy.alternatives,
      ...Object.values(policy.regions ?? {}).flat(),
    ]),
  ];
}

/**
 * The directories that those of the policy name as their peers, where it follows them and their descriptions are at hand: in the
 * order they are named, each once, at most 16.
 */
export async function findPeers(
  { domain: own, directories, peers }: Policy,
  find: (domain: string) => Promise<Description | undefined> | Description | undefined,
): Promise<string[]> {
  if (peers !== true) return [];
  const named: string[] = [];
  for (const directory of directories) named.push(...((await find(directory))?.peers ?? []));
  const others = named.filter((name) => name !== own && !directories.includes(name));
  return [...new Set(others)].slice(0, LIMITS.peers);
}

function formatIssue(issue: z.core.$ZodIssue): string {
  // Members of `logs` and `publications` are named by whoever wrote the policy, all others by this program.
  const steps = issue.path.map((step, at) =>
    at === 1 && (issue.path[0] === 'logs' || issue.path[0] === 'publications') ? '<directory>' : step,
  );
  const place = steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  // Zod's own text for an unknown member repeats it, and a policy may hold a secret in the wrong place.
  const message = issue.code === 'unrecognized_keys' ? 'has a member it may not have' : issue.message;
  return `${place === '' ? 'the whole' : place.replace(/^\./, '')} ${message}`;
}
