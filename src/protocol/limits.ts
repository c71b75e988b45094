// Every size, age and count the protocol fixes, in one place. docs/protocol.md names each; a test compares the two.

const DAY = 86_400;

export const LIMITS = {
  /** Elements in one evaluation (§3). */
  evaluateElements: 256,
  /** Longest life of attestations, routing proofs and deposits, in seconds (§4). */
  tokenLifeSeconds: 400 * DAY,
  /** Life of the attestations our own issuer gives out, in seconds (§4.1). */
  attestationLifeSeconds: 365 * DAY,
  /** Longest life of possession proofs, withdrawals and passes, in seconds (§4.4, §4.6, §5.2). */
  shortTokenLifeSeconds: 300,
  /** Longest life of a client token, in seconds (§10). */
  clientTokenLifeSeconds: 60,
  /** How far `iat` may lie ahead, in seconds (§4). */
  clockSkewSeconds: 60,
  /** Longest compact JWS read at all, in octets. */
  tokenOctets: 8_192,
  /** Routes in a routing proof (§4.2), bridges in a route, identity chains it may cite. */
  routes: 8,
  routeBridges: 8,
  claims: 4,
  /** Attestations of one record (§5.2). */
  attestations: 4,
  /** Padding unit and largest plain text of a record, in octets (§5.1). */
  sealedUnitOctets: 1_024,
  sealedPlainOctets: 8_192,
  /** evidence ‖ nonce ‖ plain ‖ tag (§5.1). */
  sealedOctets: 8_252,
  /** An attestation new to the directory is at most this old, in seconds (§5.2). */
  attestationFreshSeconds: DAY,
  /** How long highest `seq` and `iat` outlive their record, in seconds (§5.2). */
  replaySeconds: 400 * DAY,
  /** Live records under one name, and how many of them by issuers not on the directory's list (§5.2). */
  nameRecords: 16,
  nameUnlistedRecords: 4,
  /** Records in one bucket (§6.1), the records a directory aims at, and the depths it may have. */
  bucketRecords: 256,
  bucketTarget: 64,
  minDepth: 4,
  maxDepth: 24,
  /** Octets to whose multiples a bucket's reply and its sealed records are padded (§6.5). */
  bucketPadOctets: 4_096,
  sealedPadOctets: 16_384,
  /** How old and how far ahead a cosignature may be to count, and the time of an epoch, in seconds (§6.6). */
  cosignatureAgeSeconds: 900,
  cosignatureAheadSeconds: 120,
  epochAgeSeconds: 900,
  epochAheadSeconds: 60,
  /** Signature lines of a note, hashes of a proof (C2SP: at least 16; at most 63), octets of a bundle that are read. */
  noteSignatures: 64,
  proofHashes: 63,
  bundleOctets: 65_536,
  /** A `tel:` attestation older than this says nothing about whose number it is, in seconds (§5.3). */
  phoneAttestationSeconds: 100 * DAY,
  /** Evaluations one pass is good for (§4.6). */
  passElements: 16,
  /** Life of an issuer's nonce, in seconds (§4.6). */
  nonceSeconds: 300,
  /** Identifiers in one question (§7). */
  whereIds: 1_000,
  /** Domains in an asker's list of preferences, purposes asked for at once, and octets of a purpose (§4.3, §7). */
  whereDomains: 256,
  whereTags: 8,
  tagOctets: 64,
  /** Directories followed because others name them as their peers (§7). */
  peers: 16,
  /** Networks a person added to what is offered, in one question, and those that a resolver keeps at hand for everybody (§7). */
  whereAlso: 32,
  networks: 1_000,
  /** Distinct questions one resolver watches for changes (§7). */
  watched: 10_000,
  /** A description, in octets (§8), and the longest fetch, in milliseconds (§8.1), and its redirects. */
  descriptionOctets: 65_536,
  fetchMilliseconds: 5_000,
  fetchRedirects: 2,
  /** The headers of a reply, in octets (§8.1). */
  fetchHeaderOctets: 16_384,
  /** How long a description is used without asking again, and fetches of one domain apart (§10), in seconds. */
  descriptionFreshSeconds: 300,
  /** The longest a description asks to be used without asking again, in seconds (§8.1). */
  descriptionFreshMostSeconds: 3_600,
  /** A copy that is this much older than it should be is told as stale, in seconds (§8.1). */
  descriptionLateSeconds: 600,
  /** How long a description is still believed while its domain cannot be reached, in seconds (§8.1). */
  descriptionStaleSeconds: 7 * DAY,
  /** Checks of one bridge's health apart, how long one is believed, in seconds, and how long one may take (§8.2). */
  healthApartSeconds: 60,
  healthStaleSeconds: 900,
  healthMilliseconds: 3_000,
  /** Bridges checked in one round, and of them on one registrable domain (§8.2). */
  healthChecks: 256,
  healthChecksPerDomain: 8,
  /** Operators whose word about bridges they run for others is fetched: of one description, and in all (§8.2). */
  operators: 8,
  operatorsInAll: 64,
  /** Longest life of a signed description, in seconds (§8). */
  descriptionLifeSeconds: 90 * DAY,
  /** Entries kept of a domain's history, and changes listed in one of them (§8.3). */
  historyEntries: 256,
  historyChanges: 64,
  /** Links of one identity chain and octets of all of them together; `end` alone may take the last of either (§9.1). */
  chainLinks: 256,
  chainOctets: 262_144,
  /** Keys, accounts and names that live in one chain at once (§9.2). */
  chainKeys: 16,
  chainAccounts: 32,
  chainNames: 16,
  /** Entries of an index in public and sealed ones, names one is sealed for, octets of a URI in it (§9.4). */
  chainIndexEntries: 16,
  chainSealedEntries: 8,
  chainSealedNames: 4,
  chainUriOctets: 512,
  /** The unit a sealed entry is padded to, in octets (§9.4). */
  chainSealedUnitOctets: 256,
  /** Chains in one bucket of the map, so that records always find room there, and chains in one page of a search (§9.6). */
  bucketChains: 64,
  chainPage: 64,
  /** An account elsewhere and the place of a post there, in octets (§9.3). */
  accountOctets: 320,
  placeOctets: 512,
  /** Networks and bridges of one conversation, terminals of one that is solved exactly, and features counted (§11). */
  conversationNetworks: 64,
  conversationBridges: 256,
  exactTerminals: 12,
  conversationFeatures: 32,
  /** The highest `priority` of a bridge that counts, and the octets of a bridge's or conversation's id (§11). */
  conversationPriority: 1_023,
  conversationIdOctets: 256,
  /** Ids of messages a bridge remembers, and messages it parks, in one conversation (§11). */
  conversationSeen: 4_096,
  conversationParked: 64,
  /** A plan, in octets, and the longest it lives, in seconds (§11). */
  planOctets: 262_144,
  planLifeSeconds: 30 * DAY,
  /** An account that is theirs is looked at again within this, and is stale when nobody could for so long, in seconds (§9.3). */
  evidenceRecheckSeconds: DAY,
  evidenceStaleSeconds: 7 * DAY,
  /** A document of another system, in octets, its links or operations, and one of its signatures, in octets (§9.5). */
  importOctets: 8_388_608,
  importLinks: 10_000,
  importSignatureOctets: 262_144,
  /** A DID, and the document of one, in octets (§9.7). */
  didOctets: 2_048,
  didDocumentOctets: 65_536,
  /** Denials and bridges of one network in a conversation, octets of its request and of the reply (§11.11). */
  conversationDenials: 32,
  conversationOwnBridges: 4,
  conversationRequestOctets: 32_768,
  conversationReplyOctets: 4_194_304,
  /** Heartbeats apart, after how long one is missed thrice, how long nothing changes by itself afterwards, in seconds (§11.11). */
  heartbeatSeconds: 30,
  heartbeatMissedSeconds: 90,
  holdDownSeconds: 30,
  /** Streams of plans from one process, and how long one lasts, in seconds (§11.11). */
  conversationStreams: 1_000,
  conversationStreamSeconds: 600,
  /** Bodies a directory, issuer or resolver reads, in octets (§12). */
  requestOctets: 65_536,
  whereRequestOctets: 524_288,
} as const;
