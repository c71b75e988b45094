// The accounts a Keybase chain names, in this protocol's spelling where it has the service. They are what the owner of the keys
// says: each is still to be checked where it is (§9.3).
import type { AccountClaim } from '../../protocol/account.ts';
import { formatB64u, parseHex } from '../../protocol/wire.ts';
import { findAccount, type Foreign, type Offered } from '../offer.ts';
import type { Service } from './payload.ts';
import type { Counted } from './replay.ts';

export interface Bindings {
  readonly accounts: readonly Offered[];
  readonly foreign: readonly Foreign[];
}

/** Keybase's names that are ours too. */
const OFFERED: ReadonlySet<string> = new Set(['dns', 'github', 'hackernews', 'https']);

/** Names of one service replace each other, the later the earlier; a person has many domains. */
const occupancy = (service: Service): string =>
  'name' in service ? service.name.toLowerCase() : JSON.stringify(service);

/** Reads the bindings among the links that count, oldest first. */
export function bindingsOf(links: readonly Counted[]): Bindings {
  const last = new Map<string, { service: Service; counted: Counted }>();
  for (const counted of links) {
    const { service } = counted.link.payload.body;
    if (service === undefined) continue;
    // To the end, so that the order is that of the links that won.
    last.delete(occupancy(service));
    last.set(occupancy(service), { service, counted });
  }
  const [accounts, foreign]: [Offered[], Foreign[]] = [[], []];
  for (const { service, counted } of last.values()) {
    const claim = claimOf(service);
    const since = counted.link.payload.ctime;
    const statement = `keybase-site-verification=${mediumId(counted.sigId)}`;
    if (claim === undefined) foreign.push({ ...nameOf(service), since });
    else accounts.push({ ...claim, since, statement });
  }
  return { accounts, foreign };
}

/** b64u of the signature's hash, as it stands in what was posted. */
const mediumId = (sigId: string): string => formatB64u(parseHex(sigId.slice(0, 64), 32));

/** What Keybase calls a service and an account there. */
function nameOf(service: Service): { service: string; account: string } {
  if ('username' in service) return { service: service.name, account: service.username };
  if ('hostname' in service) return { service: service.protocol.slice(0, -1), account: service.hostname };
  return { service: 'dns', account: service.domain };
}

function claimOf(binding: Service): AccountClaim | undefined {
  const { service, account } = nameOf(binding);
  // Keybase's services with a dot were the Mastodon servers that spoke its protocol.
  if (service.includes('.')) return findAccount('activitypub', `@${account}@${service}`);
  // Where the post is, its server knew and the chain does not say. Plain http proves nothing to who asks over https.
  return OFFERED.has(service) ? findAccount(service, account) : undefined;
}
