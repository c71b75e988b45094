// Everything the page itself says, but for what the SDK says of an answer. One file a language, each of this type: a language that
// lacks a sentence does not compile.
import type { Code } from '../../src/index.ts';

export type StepName = 'canonical' | 'blinded' | 'evaluated' | 'fetched' | 'checked' | 'opened';
export type StepState = 'waiting' | 'running' | 'done' | 'failed';

/** Codes that people meet here; any other is told by its name. */
export type ToldCode = Extract<
  Code,
  | 'account-refused'
  | 'config-changed'
  | 'credentials-invalid'
  | 'credentials-required'
  | 'description-invalid'
  | 'directory-refused'
  | 'epoch-stale'
  | 'identifier-invalid'
  | 'issuer-refused'
  | 'log-forked'
  | 'name-full'
  | 'overloaded'
  | 'peer-unreachable'
  | 'provider-unknown'
  | 'quota-exceeded'
  | 'request-invalid'
  | 'url-refused'
  | 'witnesses-missing'
>;

export interface Texts {
  readonly skip: string;
  readonly menu: string;
  readonly language: string;
  readonly theme: string;
  readonly themes: Readonly<Record<'auto' | 'light' | 'dark', string>>;
  readonly sandbox: string;
  readonly trust: (host: string) => string;
  /** What leads to `/reference`. */
  readonly reference: string;
  readonly loading: string;
  readonly offline: string;
  readonly identifier: string;
  readonly identifierHint: string;
  readonly directory: string;
  readonly domain: string;
  readonly add: string;
  readonly remove: (name: string) => string;
  readonly problem: (code: string) => string;
  readonly problems: Readonly<Record<ToldCode, string>>;
  readonly where: {
    readonly nav: string;
    readonly title: string;
    readonly intro: string;
    readonly asker: string;
    readonly otherDomain: string;
    readonly ownDomain: string;
    readonly ask: string;
    readonly asking: string;
    readonly samples: string;
    readonly nobody: string;
    readonly steps: string;
    readonly youKnow: string;
    readonly directoriesSaw: string;
    readonly nothing: string;
    readonly names: Readonly<Record<StepName, string>>;
    readonly states: Readonly<Record<StepState, string>>;
    readonly about: Readonly<Record<StepName, string>>;
    readonly sawElement: (host: string) => string;
    readonly sawBucket: (host: string, bucket: number, of: number) => string;
    readonly filedUnder: string;
    /** `octets`: a number as the language writes it. */
    readonly sealed: (octets: string) => string;
    readonly checksHeld: (held: number, all: number) => string;
    readonly requests: string;
    readonly requestColumns: Readonly<Record<'method' | 'host' | 'path' | 'sent' | 'received', string>>;
    readonly outcomes: Readonly<Record<'found' | 'absent' | 'opted-out' | 'unknown', string>>;
    readonly contested: string;
    readonly open: (name: string) => string;
    readonly opened: (name: string) => string;
    readonly remembered: string;
    readonly forget: string;
    readonly forgotten: string;
    readonly chosen: string;
    readonly alternatives: string;
    readonly addNetwork: string;
    readonly addNetworkHint: string;
    readonly preference: (name: string) => string;
    readonly preferences: Readonly<Record<'none' | 'prefer' | 'avoid', string>>;
    readonly avoided: (names: string) => string;
    readonly resetAvoided: string;
  };
  readonly found: {
    readonly nav: string;
    readonly title: string;
    readonly intro: string;
    readonly providers: string;
    readonly providersHint: string;
    readonly noProviders: string;
    readonly moveUp: (name: string) => string;
    readonly moveDown: (name: string) => string;
    readonly moved: (name: string, place: number, of: number) => string;
    readonly addKnown: string;
    readonly addDomain: string;
    readonly added: (name: string) => string;
    readonly already: string;
    readonly account: (name: string) => string;
    readonly accountHint: string;
    readonly sendCode: string;
    readonly inbox: string;
    readonly inboxText: (name: string, code: string) => string;
    readonly code: (name: string) => string;
    readonly confirm: string;
    readonly proven: (name: string) => string;
    readonly unproven: (name: string) => string;
    readonly authorization: (name: string) => string;
    readonly authorizationHint: string;
    readonly address: (name: string) => string;
    readonly bridge: string;
    readonly bridgeHint: string;
    readonly bridgeEndpoint: string;
    readonly bridgeProtocol: string;
    readonly bridgeFrom: string;
    readonly bridgePlacement: string;
    readonly choices: string;
    readonly auto: string;
    readonly autoHint: string;
    readonly optOut: string;
    readonly optOutHint: string;
    readonly keep: string;
    readonly keepHint: string;
    readonly submit: string;
    readonly update: string;
    readonly cancel: string;
    readonly working: string;
    readonly done: (epoch: number) => string;
    readonly needProof: string;
    readonly registered: string;
    readonly registeredHint: string;
    readonly none: string;
    readonly columns: Readonly<Record<'at' | 'routes' | 'until' | 'state', string>>;
    readonly states: Readonly<Record<'live' | 'withdrawn' | 'optedOut', string>>;
    readonly withdraw: (label: string) => string;
    readonly withdrawn: string;
    readonly change: (label: string) => string;
    readonly changing: (label: string) => string;
    readonly forget: (label: string) => string;
    readonly export: string;
    readonly exportHint: string;
    readonly import: string;
    readonly imported: (n: number) => string;
  };
  readonly watch: {
    readonly nav: string;
    readonly title: string;
    readonly intro: string;
    readonly none: string;
    readonly toRegister: string;
    readonly check: string;
    readonly checking: string;
    readonly keepWatching: string;
    readonly outcomes: Readonly<Record<'clean' | 'alarm' | 'unchecked' | 'failed', string>>;
    readonly sightings: Readonly<Record<'stranger' | 'returned' | 'altered' | 'missing', string>>;
    readonly advice: string;
    readonly checkedAt: (epoch: number) => string;
    readonly history: string;
    readonly noHistory: string;
    readonly kinds: Readonly<Record<'written' | 'removed', string>>;
    readonly mine: string;
    readonly stranger: string;
    readonly columns: Readonly<Record<'epoch' | 'what' | 'who', string>>;
  };
  readonly conversation: {
    readonly nav: string;
    readonly title: string;
    readonly intro: string;
    readonly networks: string;
    readonly pickMore: string;
    readonly tree: string;
    readonly hint: string;
    readonly whole: string;
    /** `groups`: those that reach one another, with bars between them. */
    readonly apart: (groups: string) => string;
    readonly computed: (plan: number) => string;
    readonly picture: (networks: string) => string;
    readonly bridges: string;
    readonly bridgesHint: string;
    readonly noBridges: string;
    readonly speaks: (network: string, language: string) => string;
    readonly states: Readonly<Record<'used' | 'spare' | 'offline', string>>;
    readonly wentOff: (bridge: string) => string;
    readonly cameBack: (bridge: string) => string;
    readonly healed: (bridges: string) => string;
    readonly unchanged: string;
    readonly forwards: string;
    readonly nobody: string;
    readonly pairs: string;
    readonly noWay: string;
    readonly columns: Readonly<Record<'bridge' | 'between' | 'pair' | 'over', string>>;
  };
  readonly chain: {
    readonly nav: string;
    readonly title: string;
    readonly intro: string;
    readonly id: string;
    readonly wanted: string;
    readonly wantedHint: string;
    readonly show: string;
    readonly begin: string;
    readonly notWanted: string;
    readonly unclaimed: (directory: string, accounts: string) => string;
    readonly claiming: (account: string) => string;
    readonly claimingHint: (directory: string) => string;
    readonly counted: (identities: number) => string;
    readonly showOne: (id: string) => string;
    readonly more: string;
    readonly absent: (directory: string) => string;
    readonly invalid: (reason: string) => string;
    readonly contradicts: string;
    readonly identity: string;
    readonly holds: (links: number) => string;
    readonly ended: string;
    readonly witnesses: string;
    readonly latest: string;
    readonly names: string;
    readonly accounts: string;
    readonly accountsHint: (directory: string) => string;
    readonly noAccounts: string;
    readonly because: (reason: string) => string;
    readonly keys: string;
    readonly keysHint: string;
    readonly live: string;
    readonly removed: string;
    readonly columns: Readonly<Record<'account' | 'state' | 'checked' | 'claimed', string>>;
  };
  readonly log: {
    readonly nav: string;
    readonly title: string;
    readonly intro: string;
    readonly refresh: string;
    readonly checkpoint: string;
    readonly origin: string;
    readonly size: string;
    readonly root: string;
    readonly witnesses: string;
    readonly noWitnesses: string;
    readonly consistency: string;
    readonly firstTime: string;
    readonly grown: (from: number, to: number) => string;
    readonly same: (size: number) => string;
    readonly tree: string;
    readonly treeHint: string;
    readonly treeText: (epochs: number, shown: number) => string;
    readonly node: (first: number, last: number) => string;
    readonly epochs: string;
    readonly columns: Readonly<Record<'epoch' | 'time' | 'changes' | 'depth' | 'map', string>>;
    readonly evidence: string;
    readonly noEvidence: string;
  };
}
