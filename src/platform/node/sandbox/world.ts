// The sandbox's little world, after the drawings of "How do you implement interoperability in a DMA world?": who is there, how their
// networks are bridged, who is registered where. Pure data; nothing here is served outside `serve --sandbox`.
import type { Json } from '../../../protocol/json.ts';
import type { Policy } from '../../../client/policy.ts';
import { PIN } from './cosigners.ts';

export const DIRECTORY = 'directory.localhost';
export const HARBOUR = 'harbour.localhost';
export const GATEKEEPER = 'alicechat.localhost';
export const BOBCHAT = 'bobchat.localhost';
export const CHARLIECHAT = 'charliechat.localhost';
export const EVECHAT = 'evechat.localhost';

/** Directories, each with a log and a database of its own; people register in the first unless they say otherwise. */
export const DIRECTORIES = [DIRECTORY, HARBOUR] as const;
/** Providers that issue attestations, honest ones first. */
export const PROVIDERS = [BOBCHAT, CHARLIECHAT, EVECHAT] as const;
export const DOMAINS = [...DIRECTORIES, ...PROVIDERS, GATEKEEPER] as const;
export type SandboxDomain = (typeof DOMAINS)[number];

/** AliceChat believes BobChat and CharlieChat; it knows of EveChat and believes it about nobody. An answer counts once it is cosigned. */
export const POLICY: Policy = {
  domain: GATEKEEPER,
  directories: DIRECTORIES,
  trust: { tel: [BOBCHAT, CHARLIECHAT], mailto: [BOBCHAT, CHARLIECHAT] },
  known: [EVECHAT],
  alternatives: [BOBCHAT, CHARLIECHAT],
  logs: { [DIRECTORY]: PIN, [HARBOUR]: PIN },
};

/**
 * Bridges for conversations of more than two networks (protocol.md §11), several for each pair, so that one can be missing: CharlieChat
 * runs one for three, BobChat one for two, and both common languages remain. Each is as its operator lists it, at every network of it.
 */
const GROUP_BRIDGES = [
  { id: `${CHARLIECHAT}/groups`, operator: CHARLIECHAT, networks: [GATEKEEPER, BOBCHAT, CHARLIECHAT] },
  { id: `${BOBCHAT}/groups`, operator: BOBCHAT, networks: [GATEKEEPER, BOBCHAT] },
] as const;

const groupBridges = (domain: SandboxDomain): { [member: string]: Json }[] =>
  GROUP_BRIDGES.filter(({ networks }) => networks.some((network) => network === domain)).map(
    ({ id, operator, networks }) => ({
      id,
      from: [...networks],
      protocol: 'group',
      placement: 'server',
      encryption: 're-encrypted',
      networks: [...networks],
      operator,
      features: ['text', 'file', 'group'],
      priority: 30,
      for: ['group'],
    }),
  );

export interface Character {
  readonly name: string;
  /** The `provider` member of its description (§8), if it has users. */
  readonly provider?: (base: string) => { [member: string]: Json };
}

/** Who speaks under each domain. `base` is the domain's own address, such as http://bobchat.localhost:8080. */
export const CHARACTERS: Readonly<Record<SandboxDomain, Character>> = {
  [DIRECTORY]: { name: 'Sandbox directory' },
  [HARBOUR]: { name: 'Harbour directory' },
  [GATEKEEPER]: {
    name: 'AliceChat',
    // "The flow is of course symmetrical": this is how the others' users reach Alice.
    provider: (base) => ({
      protocols: ['alicechat'],
      features: ['text', 'file', 'group', 'voice'],
      encryption: 'end-to-end',
      bridges: [
        {
          id: `${GATEKEEPER}/bobchat`,
          from: [BOBCHAT],
          protocol: 'bobchat',
          endpoint: `${base}/bridges/bobchat`,
          placement: 'server',
          encryption: 're-encrypted',
          networks: [GATEKEEPER, BOBCHAT],
          operator: GATEKEEPER,
          features: ['text', 'file'],
          priority: 10,
          for: ['direct', 'group'],
        },
        {
          id: `${GATEKEEPER}/matrix`,
          from: ['*'],
          protocol: 'matrix',
          endpoint: `${base}/bridges/matrix`,
          placement: 'server',
          encryption: 're-encrypted',
          networks: [GATEKEEPER, 'matrix'],
          operator: GATEKEEPER,
          features: ['text', 'file', 'group'],
          priority: 20,
          for: ['direct', 'group'],
        },
        ...groupBridges(GATEKEEPER),
      ],
    }),
  },
  [BOBCHAT]: {
    name: 'BobChat',
    // The first drawing, a dedicated bridge on a server; and the second, a common language for everyone else.
    provider: (base) => ({
      protocols: ['bobchat'],
      features: ['text', 'file', 'group'],
      encryption: 'end-to-end',
      bridges: [
        {
          id: `${BOBCHAT}/alicechat`,
          from: [GATEKEEPER],
          protocol: 'alicechat',
          endpoint: `${base}/bridges/alicechat`,
          placement: 'server',
          encryption: 're-encrypted',
          networks: [BOBCHAT, GATEKEEPER],
          operator: BOBCHAT,
          features: ['text', 'file', 'group'],
          priority: 10,
          for: ['direct', 'group'],
        },
        {
          id: `${BOBCHAT}/matrix`,
          from: ['*'],
          protocol: 'matrix',
          endpoint: `${base}/bridges/matrix`,
          placement: 'server',
          encryption: 're-encrypted',
          networks: [BOBCHAT, 'matrix'],
          operator: BOBCHAT,
          features: ['text', 'file', 'group'],
          priority: 20,
          for: ['direct', 'group'],
        },
        ...groupBridges(BOBCHAT),
      ],
    }),
  },
  [CHARLIECHAT]: {
    name: 'CharlieChat',
    // Speaks Matrix itself; and the third drawing, a stub client on the user's own phone.
    provider: (base) => ({
      protocols: ['charliechat', 'matrix'],
      features: ['text', 'file', 'group', 'voice'],
      encryption: 'end-to-end',
      bridges: [
        {
          id: `${CHARLIECHAT}/alicechat-on-phone`,
          from: [GATEKEEPER],
          protocol: 'alicechat',
          endpoint: `${base}/bridges/alicechat-on-phone`,
          placement: 'client',
          encryption: 're-encrypted',
          networks: [CHARLIECHAT, GATEKEEPER],
          operator: CHARLIECHAT,
          features: ['text', 'file'],
          priority: 10,
          for: ['direct'],
        },
        ...groupBridges(CHARLIECHAT),
      ],
    }),
  },
  [EVECHAT]: {
    name: 'EveChat',
    provider: (base) => ({
      protocols: ['evechat'],
      features: ['text'],
      encryption: 'none',
      bridges: [
        {
          id: `${EVECHAT}/alicechat`,
          from: [GATEKEEPER],
          protocol: 'alicechat',
          endpoint: `${base}/bridges/alicechat`,
          placement: 'server',
          encryption: 'none',
          networks: [EVECHAT, GATEKEEPER],
          operator: EVECHAT,
          features: ['text'],
          priority: 10,
          for: ['direct'],
        },
        {
          id: `${EVECHAT}/groups`,
          from: ['*'],
          protocol: 'matrix',
          endpoint: `${base}/bridges/groups`,
          placement: 'server',
          encryption: 'none',
          networks: [EVECHAT, 'matrix'],
          operator: EVECHAT,
          features: ['text'],
          priority: 30,
          for: ['group'],
        },
      ],
    }),
  },
};

export interface Person {
  readonly account: string;
  readonly identifiers: readonly string[];
  /** In their own order of preference; empty: does not want to be found. */
  readonly routes: readonly { readonly provider: (typeof PROVIDERS)[number]; readonly for?: readonly string[] }[];
  /** Where it is registered: the first directory unless given. */
  readonly directory?: (typeof DIRECTORIES)[number];
  /** Who attests: the routes' providers, or where there are none, these. */
  readonly attestors?: readonly (typeof PROVIDERS)[number][];
  /** Someone else's identifier: only EveChat would attest that. */
  readonly stolen?: true;
}

/** Numbers are of the range Ofcom keeps for drama. */
export const PEOPLE: readonly Person[] = [
  { account: 'bob', identifiers: ['tel:+442079460123'], routes: [{ provider: BOBCHAT }] },
  {
    account: 'charlie',
    identifiers: ['tel:+442079460456', `mailto:charlie@${CHARLIECHAT}`],
    routes: [{ provider: CHARLIECHAT }],
  },
  { account: 'dora', identifiers: ['tel:+442079460789'], routes: [], attestors: [BOBCHAT] },
  {
    account: 'frank',
    identifiers: ['tel:+442079460321'],
    routes: [
      { provider: CHARLIECHAT, for: ['personal'] },
      { provider: BOBCHAT, for: ['business'] },
    ],
  },
  {
    account: 'erin',
    identifiers: ['tel:+442079460654'],
    routes: [{ provider: CHARLIECHAT }],
    directory: HARBOUR,
  },
  { account: 'eve', identifiers: ['tel:+442079460123'], routes: [{ provider: EVECHAT }], stolen: true },
];

/** Address of `account` at `provider`, as every provider of the sandbox spells it. */
export const addressOf = (account: string, provider: string): string => `@${account}:${provider}`;
