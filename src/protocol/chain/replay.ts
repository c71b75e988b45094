// Replays a chain from its first link to what it says now (§9.2). Whether it is the whole chain is for the map to say (§9.6).
import { LIMITS } from '../limits.ts';
import { parseLink, verifyLink } from './link.ts';
import { refusal } from './reasons.ts';
import { applyLink, type ChainState } from './state.ts';

/** Verifies every link of a chain at `now` (seconds) and gives its state; throws `chain-invalid` with reason and place. */
export async function verifyChain(links: readonly string[], now: number): Promise<ChainState> {
  const { state, parsed } = read(links);
  for (const [place, link] of parsed.entries()) {
    if (link.iat > now + LIMITS.clockSkewSeconds) throw refusal('time-ahead', place);
    await verifyLink(link, place);
  }
  return state;
}

/** The state of links that were verified before: of one's own store. */
export const readChain = (links: readonly string[]): ChainState => read(links).state;

function read(links: readonly string[]) {
  if (links.length > LIMITS.chainLinks) throw refusal('links-full', LIMITS.chainLinks);
  let state: ChainState | undefined;
  const parsed = [];
  for (const [place, token] of links.entries()) {
    const link = parseLink(token, place);
    state = applyLink(state, link);
    parsed.push(link);
  }
  // Not even a start.
  if (state === undefined) throw refusal('first-link', 0);
  return { state, parsed };
}
