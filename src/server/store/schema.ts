// Every table there is but those of other files here. No column holds an identifier, a blinded element, a token or a key.
import { sql } from 'drizzle-orm';
import {
  bigint,
  customType,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

/** Octets; both drivers give a Uint8Array (postgres.js a Buffer, narrowed here). */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
});

const seconds = (name: string) => bigint(name, { mode: 'number' });

/** One row per directory: how deep its buckets are (§6.1). */
export const directoryState = pgTable('directory_state', {
  domain: text('domain').primaryKey(),
  depth: integer('depth').notNull(),
});

/** Live records: the entry of §6.1 and what the rules of §5.2 need. */
export const records = pgTable(
  'records',
  {
    name: bytea('name').notNull(),
    holder: bytea('holder').notNull(),
    digest: bytea('digest').notNull(),
    length: integer('length').notNull(),
    seq: bigint('seq', { mode: 'number' }).notNull(),
    /** An attestation is by an issuer on the directory's list. */
    listed: integer('listed').notNull(),
    depositedAt: seconds('deposited_at').notNull(),
    /** Earliest end of deposit and attestations. */
    expiresAt: seconds('expires_at').notNull(),
    /** Id of the OPRF key the name was first filed under (§10); empty: before keys were told apart. */
    key: text('key').notNull().default(''),
  },
  (table) => [
    primaryKey({ columns: [table.name, table.holder] }),
    index('records_expires').on(table.expiresAt),
    // An attestation names one (name, holder) and the octets name their attestations: no two records share them.
    uniqueIndex('records_digest').on(table.digest),
  ],
);

/** Sealed records by digest. */
export const sealed = pgTable('sealed', { digest: bytea('digest').primaryKey(), octets: bytea('octets').notNull() });

/** The attestations a live record rests on; one live record per (name, issuer) (§5.2). */
export const evidence = pgTable(
  'evidence',
  {
    name: bytea('name').notNull(),
    issuer: text('issuer').notNull(),
    holder: bytea('holder').notNull(),
    jti: bytea('jti').notNull(),
    /** SHA-256 of the attestation's octets. */
    digest: bytea('digest').notNull(),
    /** Registrable domain of the issuer: what quotas count by (§10). */
    domain: text('domain').notNull(),
    issuedAt: seconds('issued_at').notNull(),
    expiresAt: seconds('expires_at').notNull(),
    /** When the issuer is asked again whether the attestation stands (§4.1), and how often since it last answered in vain. */
    recheckAt: seconds('recheck_at').notNull().default(0),
    recheckFailures: integer('recheck_failures').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.name, table.issuer] }),
    index('evidence_holder').on(table.name, table.holder),
    index('evidence_jti').on(table.issuer, table.jti),
    index('evidence_domain').on(table.domain, table.recheckAt),
    index('evidence_recheck').on(table.recheckAt),
  ],
);

/** Highest `seq` ever accepted per (name, holder), kept beyond the record's life (§5.2). */
export const holderMarks = pgTable(
  'holder_marks',
  {
    name: bytea('name').notNull(),
    holder: bytea('holder').notNull(),
    seq: bigint('seq', { mode: 'number' }).notNull(),
    until: seconds('until').notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.holder] }), index('holder_marks_until').on(table.until)],
);

/** Highest attestation `iat` ever accepted per (name, issuer), and for which holder (§5.2). */
export const issuerMarks = pgTable(
  'issuer_marks',
  {
    name: bytea('name').notNull(),
    issuer: text('issuer').notNull(),
    holder: bytea('holder').notNull(),
    issuedAt: seconds('issued_at').notNull(),
    until: seconds('until').notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.issuer] }), index('issuer_marks_until').on(table.until)],
);

/** Attestations an issuer withdrew, refused until their end (§5.2). */
export const withdrawnAttestations = pgTable(
  'withdrawn_attestations',
  { issuer: text('issuer').notNull(), jti: bytea('jti').notNull(), until: seconds('until').notNull() },
  (table) => [
    primaryKey({ columns: [table.issuer, table.jti] }),
    index('withdrawn_attestations_until').on(table.until),
  ],
);

/** Token buckets of §10: `subject` is a keyed hash, so that the table names nobody. */
export const quotas = pgTable('quotas', {
  subject: bytea('subject').primaryKey(),
  tokens: doublePrecision('tokens').notNull(),
  /** Milliseconds since 1970. */
  at: bigint('at', { mode: 'number' }).notNull(),
});

/** Single-use things (client tokens, nonces) and passes: keyed hash, uses left, end. */
export const uses = pgTable(
  'uses',
  {
    subject: bytea('subject').primaryKey(),
    remaining: integer('remaining').notNull(),
    until: seconds('until').notNull(),
  },
  (table) => [index('uses_until').on(table.until)],
);

/** Descriptions of other domains as fetched (§8). `triedAt` bounds fetches per domain (§10). */
export const descriptions = pgTable('descriptions', {
  domain: text('domain').primaryKey(),
  body: text('body'),
  etag: text('etag'),
  fetchedAt: seconds('fetched_at'),
  triedAt: seconds('tried_at').notNull(),
  /** From then on it is asked for again (§8.1). */
  freshUntil: seconds('fresh_until'),
  /** Highest `seq` of a signed one that was accepted (§8). */
  seq: bigint('seq', { mode: 'number' }),
});

/** What changed in other domains' descriptions, as it was seen (§8.3). `changes` is JSON. */
export const descriptionHistory = pgTable(
  'description_history',
  {
    domain: text('domain').notNull(),
    at: seconds('at').notNull(),
    /** SHA-256 of the document. */
    digest: bytea('digest').notNull(),
    seq: bigint('seq', { mode: 'number' }),
    changes: text('changes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.domain, table.at] })],
);

/** Attestations an issuer keeps (§4.1): found by a hash of `jti`, encrypted under a key derived from it. */
export const issued = pgTable(
  'issued',
  {
    issuer: text('issuer').notNull(),
    jtiHash: bytea('jti_hash').notNull(),
    /** Keyed hash of the account: only it may withdraw. */
    account: bytea('account').notNull(),
    octets: bytea('octets').notNull(),
    expiresAt: seconds('expires_at').notNull(),
    withdrawnAt: seconds('withdrawn_at'),
    /** The directory it is for, and the id of that one's OPRF key its name is under: what tells whether to renew it (§10). */
    directory: text('directory').notNull().default(''),
    key: text('key').notNull().default(''),
    /** Keyed hash of directory, account and identifier: equal for one that takes another's place. Empty: kept by an older version. */
    subject: bytea('subject')
      .notNull()
      .default(sql`''::bytea`),
    /** The `jti`, encrypted under a key nobody has who does not know the account. */
    reference: bytea('reference')
      .notNull()
      .default(sql`''::bytea`),
  },
  (table) => [
    primaryKey({ columns: [table.issuer, table.jtiHash] }),
    uniqueIndex('issued_hash').on(table.jtiHash),
    index('issued_subject').on(table.subject),
  ],
);
