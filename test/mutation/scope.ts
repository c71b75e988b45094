// What is mutated, and by which tests it is to be noticed; and the mutants nobody can notice, each with its reason.
import { globSync } from 'node:fs';

/** Client, monitor, auditor and witness: everything that refuses what a directory shows (docs/protocol.md §6). */
const SOURCES = [
  'src/client/{api-source,audit-snapshot,auditor,bucket-history,checkpoints,directory,epoch-leaf,evaluate}.ts',
  'src/client/{log-check,log-pin,log-reader,look-up,monitor,monitor-state,source}.ts',
  'src/protocol/{bucket,config-text,oprf}.ts',
  'src/protocol/log/{audit,audit-replay,bucket-leaf,bundle,changes,checkpoint,evidence,history,leaf-text,lines}.ts',
  'src/protocol/log/{merkle-verify,note,tile,tlog-proof,verify-*,vkey,witness}.ts',
  'src/server/store/witness.ts',
  'src/server/witness/*.ts',
];

/** Not those that start processes: in them nothing can be switched off. */
const TESTS = [
  'test/protocol/{bucket,config-text,oprf,whole}.test.ts',
  'test/protocol/log/*.test.ts',
  'test/client/*.test.ts',
  'test/server/witness/{add-checkpoint,auditor,logs}.test.ts',
];

export const listSources = (): string[] => globSync(SOURCES).toSorted();
export const listTests = (): string[] => globSync(TESTS).toSorted();

/** A mutant that changes nothing anybody could see, or only how long something takes. */
export interface Explained {
  readonly file: string;
  /** As it is reported. */
  readonly check: string;
  /** Which one, where a file has several such checks; the first is 1. All of them unless given. */
  readonly nth?: number;
  readonly why: string;
}

export const EXPLAINED: readonly Explained[] = [
  {
    file: 'src/client/auditor.ts',
    check: 'error instanceof WhereaboutsError',
    nth: 1,
    why: 'verifyGrowth throws nothing else',
  },
  {
    file: 'src/client/auditor.ts',
    check: 'leaf === undefined',
    why: 'what is no leaf announces no changes: nothing is asked for',
  },
  {
    file: 'src/client/auditor.ts',
    check: '!(error instanceof WhereaboutsError)',
    nth: 2,
    why: 'auditEpoch throws nothing else',
  },
  {
    file: 'src/client/source.ts',
    check: '!(error instanceof WhereaboutsError)',
    why: "another error's code is none of ours",
  },
  {
    file: 'src/client/epoch-leaf.ts',
    check: 'leaf === undefined',
    why: 'the tile has as many entries as were read, and the epoch is one of them',
  },
  {
    file: 'src/client/evaluate.ts',
    check: '!(error instanceof WhereaboutsError)',
    why: "another error's code is none of ours",
  },
  {
    file: 'src/client/evaluate.ts',
    check: 'keys.length === 0',
    why: 'a configuration has exactly one key without an end',
  },
  {
    file: 'src/client/log-check.ts',
    check: 'error instanceof WhereaboutsError',
    nth: 1,
    why: "another error's code is none of ours",
  },
  {
    file: 'src/client/log-check.ts',
    check: 'error instanceof WhereaboutsError',
    nth: 2,
    why: 'verifyGrowth throws nothing else',
  },
  { file: 'src/client/log-reader.ts', check: "'peer-unreachable'", why: 'told under this code either way' },
  {
    file: 'src/client/log-reader.ts',
    check: '!(error instanceof WhereaboutsError)',
    why: 'another error has no cause of ours',
  },
  { file: 'src/client/look-up.ts', check: 'id === undefined', why: 'there are as many names as identifiers' },
  { file: 'src/client/look-up.ts', check: 'one === undefined', why: 'no group is empty' },
  {
    file: 'src/client/look-up.ts',
    check: 'error instanceof WhereaboutsError',
    nth: 3,
    why: "another error's code is none of ours",
  },
  {
    file: 'src/client/look-up.ts',
    check: 'known.leaf.depth !== depth',
    why: 'speed: the newest epoch is read once more',
  },
  {
    file: 'src/client/look-up.ts',
    check: 'octets === undefined',
    why: 'records are read wherever one of these names is in the index',
  },
  {
    file: 'src/client/monitor.ts',
    check: '!(error instanceof WhereaboutsError)',
    nth: 2,
    why: "another error's code is none of ours",
  },
  {
    file: 'src/client/monitor.ts',
    check: '!(error instanceof WhereaboutsError)',
    nth: 3,
    why: "another error's code is none of ours",
  },
  { file: 'src/client/monitor.ts', check: 'first === undefined', why: 'no group is empty' },
  {
    file: 'src/protocol/log/audit-replay.ts',
    check: 'low < count',
    why: 'past the end there are no octets, and they equal no key',
  },
  { file: 'src/protocol/log/audit-replay.ts', check: 'parents.has(index)', why: 'speed: the same parent twice' },
  {
    file: 'src/protocol/log/audit-replay.ts',
    check: 'hash === undefined',
    why: 'on level 0 only changed buckets are left',
  },
  { file: 'src/protocol/log/checkpoint.ts', check: 'origin === undefined', why: 'a text has at least one line' },
  { file: 'src/protocol/log/checkpoint.ts', check: 'size === undefined', why: 'is no decimal either' },
  { file: 'src/protocol/log/checkpoint.ts', check: 'root === undefined', why: 'is no hash either' },
  {
    file: 'src/protocol/log/evidence.ts',
    check: 'error instanceof WhereaboutsError',
    nth: 1,
    why: 'verifyEvidence throws nothing else',
  },
  {
    file: 'src/protocol/log/evidence.ts',
    check: "error.code === 'evidence-invalid'",
    why: 'verifyEvidence has no other code',
  },
  {
    file: 'src/protocol/log/leaf-text.ts',
    check: 'origin === undefined',
    why: 'without a second line there is none with changes',
  },
  { file: 'src/protocol/log/leaf-text.ts', check: 'count === undefined', why: 'what is split has at least one part' },
  { file: 'src/protocol/log/leaf-text.ts', check: 'changesRoot === undefined', why: 'is no hash either' },
  { file: 'src/protocol/log/merkle-verify.ts', check: 'fn !== 0', why: 'here fn is odd, or equals sn, which is not 0' },
  {
    file: 'src/protocol/log/merkle-verify.ts',
    check: 'first === undefined',
    why: 'a proof of nothing is too short below as well',
  },
  { file: 'src/protocol/log/note.ts', check: 'name === undefined', why: 'without a name there is no signature either' },
  { file: 'src/protocol/log/note.ts', check: 'base64 === undefined', why: 'is no base64 either' },
  {
    file: 'src/protocol/log/note.ts',
    check: 'octets.length === 64',
    why: 'the platform verifies no signature of another length',
  },
  { file: 'src/protocol/log/note.ts', check: 'known !== undefined', why: 'speed: the key is imported again' },
  {
    file: 'src/protocol/log/tile.ts',
    check: "level === 'entries'",
    why: 'the tree has no such level, and throws as well',
  },
  { file: 'src/protocol/log/verify-bundle.ts', check: 'proof.extra === undefined', why: 'is no map proof either' },
  {
    file: 'src/protocol/log/verify-epoch.ts',
    check: 'time !== undefined',
    why: 'no time is neither early nor late enough',
  },
  {
    file: 'src/protocol/log/vkey.ts',
    check: 'type !== undefined && Object.values<number>(KEY_TYPES).includes(type)',
    why: 'createVkey knows no other type',
  },
  { file: 'src/protocol/log/vkey.ts', check: 'type !== undefined', why: 'is no type of the list either' },
  {
    file: 'src/protocol/log/vkey.ts',
    check: 'Object.values<number>(KEY_TYPES).includes(type)',
    why: 'createVkey knows no other type',
  },
  { file: 'src/protocol/log/vkey.ts', check: '!isKeyType(type)', why: 'createVkey knows no other type' },
  { file: 'src/protocol/log/witness.ts', check: 'split === -1', why: 'without an empty line there is no note' },
  {
    file: 'src/protocol/oprf.ts',
    check: 'proof.length !== 64 || evaluated.length !== blinded.length || blinded.length === 0',
    why: 'each of the three is refused below as well',
  },
  { file: 'src/protocol/oprf.ts', check: 'proof.length !== 64', why: 'two valid scalars have 32 octets each' },
  {
    file: 'src/protocol/oprf.ts',
    check: 'evaluated.length !== blinded.length',
    why: 'a proof over more or fewer elements does not hold',
  },
  {
    file: 'src/protocol/oprf.ts',
    check: 'blinded.length === 0',
    nth: 2,
    why: 'nothing adds up to the identity, which is no element',
  },
  {
    file: 'src/protocol/oprf.ts',
    check: '!group.scalar.isValid(c) || !group.scalar.isValid(s)',
    why: 'every back end refuses such scalars as well',
  },
  {
    file: 'src/protocol/oprf.ts',
    check: '!group.scalar.isValid(c)',
    why: 'every back end refuses such a scalar as well',
  },
  {
    file: 'src/protocol/oprf.ts',
    check: '!group.scalar.isValid(s)',
    why: 'every back end refuses such a scalar as well',
  },
  { file: 'src/server/witness/add-checkpoint.ts', check: 'verdict.status === 409', why: 'no other verdict is forked' },
  {
    file: 'src/server/witness/add-checkpoint.ts',
    check: '!(error instanceof WhereaboutsError)',
    why: "another error's code is none of ours",
  },
  { file: 'src/server/witness/logs.ts', check: "'domain' in log", why: 'no origin is that of no domain' },
  { file: 'src/server/witness/logs.ts', check: "!('domain' in named)", why: 'found by its domain' },
];
