// What people are told about a way to reach somebody (§7): which messages there are and what each is about. The words are in one
// file a language, each of this type: a language that lacks a message, or a plural form it needs, does not compile.
import type { Assurance } from '../judgement.ts';
import type { Placement } from '../bridge-listing.ts';
import type { Level } from '../levels.ts';

/** Best known first: English stands in for a language nobody has translated to. */
export const LANGUAGES = ['en', 'fr', 'de', 'es', 'it', 'pl'] as const;

export type Language = (typeof LANGUAGES)[number];

/** Plural categories of the Unicode CLDR, as `Intl.PluralRules` selects them. */
interface Plurals {
  readonly en: 'one' | 'other';
  readonly fr: 'one' | 'many' | 'other';
  readonly de: 'one' | 'other';
  readonly es: 'one' | 'many' | 'other';
  readonly it: 'one' | 'many' | 'other';
  readonly pl: 'one' | 'few' | 'many' | 'other';
}

/** How a language joins and counts. */
export interface Say<L extends Language> {
  /** “a, b and c”. */
  readonly list: (words: readonly string[]) => string;
  /** The form for `n`; `#` in it is the number as the language writes it. */
  readonly plural: (n: number, forms: Readonly<Record<Plurals[L], string>>) => string;
}

/** A bridge as people know it: the host it is on, and who runs it, or is only said to. */
export interface BridgeName {
  readonly host: string;
  readonly operator: string;
  readonly isSaid: boolean;
}

/** Each reason (§7) and what its text names, in this order: domains, unless it says otherwise. */
export interface Reasons {
  'bridge-down': [bridge: string];
  'bridge-passed-over': [bridge: string];
  'bridge-says-native': [bridge: string];
  'common-language': [protocol: string];
  /** Features. */
  'features-lost': string[];
  'network-encrypts': [network: string];
  'network-undeclared': [network: string];
  'network-unencrypted': [network: string];
  'no-bridge': [from: string, provider: string];
  'operator-confirmed': [operator: string, bridge: string];
  'operator-unconfirmed': [operator: string, bridge: string];
  'peer-to-peer': [];
  'provider-advertises': [provider: string, from: string];
  'recipient-chose': [];
  'reencrypted-by-bridge': [bridge: string];
  'reencrypted-on-own-device': [];
  'reencrypted-on-recipients-device': [];
  'same-network': [network: string];
  'same-protocol': [network: string, protocol: string];
  'through-recipients-app': [];
  'unencrypted-by-bridge': [bridge: string];
}

export type ReasonCode = keyof Reasons;

/** What each kind of change is about (§7). */
export interface Changes {
  'address-changed': [network: string];
  'assurance-better': [network: string];
  'assurance-worse': [network: string];
  'bridge-changed': [network: string];
  'bridge-found': [network: string];
  'bridge-gone': [network: string];
  contested: [];
  'encryption-better': [network: string];
  'encryption-worse': [network: string];
  'features-fewer': [network: string];
  'features-more': [network: string];
  found: [];
  gone: [];
  moved: [network: string, from: string];
  'opted-out': [];
  'reader-joined': [network: string, ...readers: string[]];
  'reader-left': [network: string, ...readers: string[]];
  'route-added': [network: string];
  'route-removed': [network: string];
  uncontested: [];
  unknown: [];
}

export type ChangeCode = keyof Changes;

export type Source = 'native' | 'override' | 'advertised' | 'common';

/** Everything said, by what it is said about. */
export interface Messages {
  /** The verdict in one sentence, for the one who is about to write. */
  readonly explanation: {
    readonly endToEnd: () => string;
    /** No bridge opens it; these networks do not say whether they encrypt from end to end. */
    readonly undeclared: (networks: readonly string[]) => string;
    readonly onRecipientsDevice: () => string;
    readonly onOwnDevice: () => string;
    readonly onBothDevices: () => string;
    readonly byBridges: (bridges: readonly BridgeName[], readers: readonly string[]) => string;
    readonly notEndToEnd: (readers: readonly string[]) => string;
    readonly noConnection: (from: string, provider: string) => string;
  };
  readonly reasons: { readonly [C in ReasonCode]: (...about: Reasons[C]) => string };
  readonly levels: Readonly<Record<Level, string>>;
  readonly placements: Readonly<Record<'native' | Placement, string>>;
  readonly sources: Readonly<Record<Source, string>>;
  readonly assurances: Readonly<Record<Assurance, (issuers: readonly string[], provider: string) => string>>;
  /** What the directory that a network runs itself says of the person. */
  readonly existences: Readonly<Record<'found' | 'absent' | 'unknown', string>>;
  /** What was seen of an account that an identity chain claims. */
  readonly accountStates: Readonly<Record<'ok' | 'failed' | 'unreachable' | 'unchecked', string>>;
  readonly changes: { readonly [C in ChangeCode]: (...about: Changes[C]) => string };
  /** An answer as a page shows it: the names of its fields, and what stands in them. */
  readonly page: {
    readonly address: string;
    readonly assurance: string;
    readonly bridge: string;
    readonly endpoint: string;
    readonly stale: string;
    readonly encryption: string;
    readonly readers: string;
    readonly explanation: string;
    readonly warning: string;
    readonly reasons: string;
    readonly features: string;
    readonly automatic: string;
    readonly contested: string;
    readonly chains: string;
    readonly since: string;
    readonly connect: (connect: {
      readonly placement: string;
      readonly source: string;
      readonly protocol: string;
      readonly operator: string | undefined;
    }) => string;
    readonly noConnect: string;
    readonly noReaders: string;
    readonly isAutomatic: string;
    readonly isNotAutomatic: string;
    readonly isContested: string;
    readonly life: (since: string, expires: string) => string;
    readonly optedOut: string;
    readonly alternatives: string;
    readonly noBridge: string;
    readonly notAvailable: string;
    readonly isStale: (network: string) => string;
    readonly checked: (epoch: number, witnesses: number) => string;
    readonly accountSeen: (state: string, when: string, checker: string) => string;
    readonly moreRoutes: (n: number) => string;
  };
}
