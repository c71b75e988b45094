// Guests of the sandbox: programs of one's own (a provider, a gatekeeper, a bridge) that are to be tried out in its little world.
// Each has a name of `*.localhost` and a loopback port; the sandbox passes on what comes for that name (§8.1).
import type { Policy } from '../../../client/policy.ts';
import { isDomain, isLocal } from '../../../protocol/domain.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { COSIGNERS } from './cosigners.ts';
import { DOMAINS } from './world.ts';

/** Loopback port by domain. */
export type Guests = ReadonlyMap<string, number>;

/** Reads `mychat.localhost=9100`; throws `config-invalid`. */
export function parseGuest(text: string): [domain: string, port: number] {
  const [, domain = '', port = ''] = /^([^=]+)=(\d{1,5})$/.exec(text) ?? [];
  if (!isDomain(domain) || !isLocal(domain) || Number(port) < 1 || Number(port) > 65_535)
    throw new WhereaboutsError('config-invalid', 'a guest is <name>.localhost=<port>');
  if ([...DOMAINS.map(String), ...Object.values(COSIGNERS)].includes(domain))
    throw new WhereaboutsError('config-invalid', 'a guest has the name of somebody who is there already');
  return [domain, Number(port)];
}

/** A policy that believes the guests about everything: who invites them wants to see them found. */
export function withGuests(policy: Policy, guests: Guests): Policy {
  const domains = [...guests.keys()];
  const { tel, mailto } = policy.trust;
  return { ...policy, trust: { tel: [...tel, ...domains], mailto: [...mailto, ...domains] } };
}
