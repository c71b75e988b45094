// What is mutated, and by which tests it is to be noticed; and the mutants nobody can notice, each with its reason.
import { globSync } from 'node:fs';

/** Client, monitor, auditor and witness: everything that refuses what a directory shows (docs/protocol.md §6). */
const SOURCES = [
  'src/client/{audit-snapshot,auditor,bucket-history,checkpoints,directory,epoch-leaf,evaluate}.ts',
  'src/client/{log-check,log-pin,log-reader,look-up,monitor,monitor-state}.ts',
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

export const EXPLAINED: readonly Explained[] = [];
