// What is counted and measured, in one table: platforms, docs/operating.md and its test are made from it. Labels take values
// from closed lists only (codes, routes, roles, witnesses of the configuration): never what somebody outside has chosen.
import type { Code } from '../protocol/errors.ts';
import { codedFailure } from './failure.ts';

interface Shape<L extends string, K extends 'counter' | 'histogram' | 'gauge'> {
  readonly kind: K;
  readonly labels: readonly L[];
  readonly doc: string;
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
}

const counter = <const L extends string = never>(doc: string, ...labels: L[]): Shape<L, 'counter'> => ({
  kind: 'counter',
  labels,
  doc,
});
/** Read when somebody asks. */
const gauge = <const L extends string = never>(doc: string, ...labels: L[]): Shape<L, 'gauge'> => ({
  kind: 'gauge',
  labels,
  doc,
});
const histogram = <const L extends string = never>(
  doc: string,
  buckets: readonly number[],
  ...labels: L[]
): Shape<L, 'histogram'> => ({ kind: 'histogram', labels, doc, buckets });

/** Past twenty seconds nobody is kept waiting. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const COUNTS = [0, 1, 10, 100, 1_000, 10_000];

/** Names by the conventions of Prometheus; before each stands `whereabouts_`. */
export const METRICS = {
  http_request_duration_seconds: histogram(
    'Requests, up to the head of the reply. `route` is a template, never a path; `unknown` is every path there is not',
    SECONDS,
    'role',
    'method',
    'route',
    'status',
  ),
  refusals_total: counter('Problem documents by code (protocol.md §12)', 'role', 'code'),
  quota_refusals_total: counter('Requests refused by a quota, by its name in `RateLimit` headers', 'policy'),
  evaluations_total: counter('Evaluations: `done`, or the code of the refusal', 'outcome'),
  evaluation_elements_total: counter('Elements that were evaluated'),
  evaluation_duration_seconds: histogram('Time from a paid evaluation to its proof, waiting included', SECONDS),
  evaluation_waiting_elements: gauge('Elements that wait for a thread'),
  conversation_changes_total: counter('Changes of conversations: `done`, or the code of the refusal', 'outcome'),
  chain_links_total: counter(
    'Links of identity chains: `created`, `appended`, `unchanged`, or the code of the refusal',
    'outcome',
  ),
  deposits_total: counter('Deposits: `created`, `replaced`, `unchanged`, or the code of the refusal', 'outcome'),
  withdrawals_total: counter('Withdrawals: `done`, or the code of the refusal', 'outcome'),
  bucket_replies_total: counter('Bucket reads by where the reply came `from`: `memory` or `database`', 'from'),
  records: gauge('Records in the newest published epoch'),
  waiting_changes: gauge('Changes that were accepted and wait for their epoch'),
  published_epochs: gauge('Length of the log everybody sees'),
  checkpoint_timestamp_seconds: gauge('When the newest published epoch was made'),
  epochs_total: counter(
    'Epochs of this instance: `published`, `lost` to another instance, or steps that `failed`',
    'outcome',
  ),
  epoch_changes: histogram('Changes in an epoch this instance made', COUNTS),
  epoch_stage_duration_seconds: histogram(
    'Stages of an epoch: `make`, `sign`, `commit`, `witness`, `publish`, `copy`',
    SECONDS,
    'stage',
  ),
  witness_verdicts_total: counter('What configured witnesses said to a checkpoint', 'witness', 'verdict'),
  description_fetches_total: counter(
    'Descriptions asked for: the class of the reply’s status (`2xx` new, `3xx` unchanged), or the code of the failure',
    'outcome',
  ),
  account_checks_total: counter(
    'Looks at claimed accounts of this instance by service and state (protocol.md §9.3)',
    'service',
    'state',
  ),
  followed_accounts: gauge(
    'Accounts that chains claim, by the state of the last look; `revoked` ones for 30 days',
    'state',
  ),
  due_accounts: gauge('Of them, how many are due to be looked at'),
  oprf_key_end_timestamp_seconds: gauge('Announced end of a key that is being retired', 'key'),
  database_up: gauge('1 while the database answers'),
  database_running: gauge('Statements and transactions that hold a connection', 'use'),
  database_waiting: gauge('Statements and transactions that wait for a connection', 'use'),
} as const;

export type MetricName = keyof typeof METRICS;
type NameOf<K> = { [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never }[MetricName];
export type CounterName = NameOf<'counter'>;
export type HistogramName = NameOf<'histogram'>;
export type GaugeName = NameOf<'gauge'>;
export type Labels<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;

/** Where what happens is counted. Never waits, never throws. */
export interface Metrics {
  count<N extends CounterName>(name: N, labels: Labels<N>, by?: number): void;
  observe<N extends HistogramName>(name: N, labels: Labels<N>, value: number): void;
}

/** What a gauge says now. */
export interface Reading {
  readonly name: GaugeName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export const readingOf = <N extends GaugeName>(name: N, labels: Labels<N>, value: number): Reading => ({
  name,
  labels,
  value,
});

/** Nobody counts. */
export const UNCOUNTED: Metrics = { count: () => undefined, observe: () => undefined };

type OutcomeName = { [N in CounterName]: Labels<N> extends { outcome: string } ? N : never }[CounterName];

/** Counts how `work` ends: as `outcomeOf` names it, or with the code of its failure. */
export async function countOutcome<T>(
  metrics: Metrics,
  name: OutcomeName,
  work: Promise<T>,
  outcomeOf: (done: T) => string,
): Promise<T> {
  const count = (outcome: string) => metrics.count(name, { outcome });
  try {
    const done = await work;
    count(outcomeOf(done));
    return done;
  } catch (error) {
    const code: Code = codedFailure(error).code;
    count(code);
    throw error;
  }
}
