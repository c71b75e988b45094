// Which directory makes the plans of a conversation (§11.9): rendezvous hashing over those that every terminal accepts, so that
// whoever is asked names the same one, and one that is gone moves only its own conversations.
import { sha256 } from '@noble/hashes/sha2.js';
import { compareOctets, concat, utf8 } from '../wire.ts';
import { sorted } from './inputs.ts';

/** The directories in the order they are to be tried, best first; empty where the terminals have none in common. */
export function rankCoordinators(conversation: string, accepted: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = accepted;
  return sorted(first)
    .filter((domain) => others.every((list) => list.includes(domain)))
    .map((domain) => ({ domain, score: sha256(concat(utf8(conversation), Uint8Array.of(0), utf8(domain))) }))
    .toSorted((a, b) => compareOctets(b.score, a.score))
    .map(({ domain }) => domain);
}
