// How private a conversation is on its way (§7): the level, who besides the two people could read it, and the sentence for
// the one who is about to write. The only place with words for people about it: a translation replaces one table.
import type { Bridge } from './bridge-listing.ts';

/** Best first. */
export const LEVELS = [
  'end-to-end',
  're-encrypted-on-recipients-device',
  're-encrypted-by-bridge',
  'not-end-to-end',
] as const;

export type Level = (typeof LEVELS)[number];

export interface Encryption {
  readonly level: Level;
  /** Domains whose operators could read the conversation. */
  readonly readers: readonly string[];
  /** For people; null where there is nothing to warn of. */
  readonly warning: string | null;
}

/** A bridge a conversation passes: where it is, and the domain that runs it. */
export interface Passage {
  readonly bridge: Pick<Bridge, 'encryption' | 'placement'>;
  readonly host: string;
  readonly operator: string;
}

const and = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;

const nameOf = ({ host, operator }: Passage): string => (host === operator ? host : `${host} (run by ${operator})`);

const WARNINGS: Readonly<Record<Level, (passages: readonly Passage[], readers: readonly string[]) => string | null>> = {
  'end-to-end': () => null,
  're-encrypted-on-recipients-device': () =>
    'This conversation is decrypted and encrypted again on the recipient’s own device. Nobody else can read it there.',
  're-encrypted-by-bridge': (passages) =>
    `This conversation is re-encrypted by ${and(passages.map(nameOf))}, whose ${passages.length > 1 ? 'operators' : 'operator'} could read it.`,
  'not-end-to-end': (_, readers) => `This conversation is not end-to-end encrypted: ${and(readers)} could read it.`,
};

/** No way to connect: nothing can be said of a conversation that cannot take place. */
export const noConnection = (from: string, provider: string): Encryption => ({
  level: 'not-end-to-end',
  readers: [],
  warning: `There is no bridge from ${from} to ${provider}: no message from here would arrive there.`,
});

/** Level of one bridge. What it says of itself cannot be checked here: that is why its operator is named. */
export function levelOf({ encryption, placement }: Passage['bridge']): Level {
  if (encryption === 'native') return 'end-to-end';
  if (encryption === 'none') return 'not-end-to-end';
  return placement === 'server' ? 're-encrypted-by-bridge' : 're-encrypted-on-recipients-device';
}

/** What a conversation over these bridges comes to: as private as the worst of them. `provider` is the recipient's network. */
export function encryptionOver(passages: readonly Passage[], provider: string): Encryption {
  const levels = passages.map(({ bridge }) => LEVELS.indexOf(levelOf(bridge)));
  const level = LEVELS[Math.max(0, ...levels)] ?? 'not-end-to-end';
  const open = passages.filter(({ bridge }) => levelOf(bridge) === 'not-end-to-end' || isReencryptedOnServer(bridge));
  // Without any encryption the recipient's own network can read along too.
  const readers =
    level === 'not-end-to-end'
      ? [...open.map(({ operator }) => operator), provider]
      : open.map(({ operator }) => operator);
  const distinct = [...new Set(readers)].toSorted();
  return { level, readers: distinct, warning: WARNINGS[level](open, distinct) };
}

const isReencryptedOnServer = (bridge: Passage['bridge']): boolean => levelOf(bridge) === 're-encrypted-by-bridge';
