// Metrics in the words of Prometheus, kept by prom-client, which is loaded only where somebody wants them.
import { METRICS, type GaugeName, type MetricName, type Metrics, type Reading } from '../../server/metrics.ts';
import { within } from '../../server/directory/sequencer/waiting.ts';

const PREFIX = 'whereabouts_';
/** How long a reader waits for gauges that have to be asked for: those of a database that hangs are left out. */
const GAUGE_MILLISECONDS = 2_000;

/** Reads gauges; where they cannot be had it rejects, and none are told. */
export type GaugeSource = () => Promise<readonly Reading[]>;

export interface Exposition {
  readonly metrics: Metrics;
  readonly contentType: string;
  addGauges(source: GaugeSource): void;
  /** Everything, as text. Readers at the same time share one look at the gauges. */
  expose(): Promise<string>;
}

export async function openMetrics(): Promise<Exposition> {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = new Map<MetricName, InstanceType<typeof Counter>>();
  const histograms = new Map<MetricName, InstanceType<typeof Histogram>>();
  const gauges = new Map<GaugeName, InstanceType<typeof Gauge>>();
  for (const [name, { kind, labels, doc, ...rest }] of Object.entries(METRICS) as [
    MetricName,
    (typeof METRICS)[MetricName],
  ][]) {
    const common = { name: `${PREFIX}${name}`, help: doc, labelNames: labels, registers: [registry] };
    if (kind === 'counter') counters.set(name, new Counter(common));
    else if (kind === 'gauge') gauges.set(name as GaugeName, new Gauge(common));
    else histograms.set(name, new Histogram({ ...common, buckets: [...(rest as { buckets: number[] }).buckets] }));
  }
  const sources: GaugeSource[] = [];
  const readAll = async (): Promise<readonly Reading[]> => {
    const readings = sources.map(async (source) => (await within(GAUGE_MILLISECONDS, source())) ?? []);
    const settled = await Promise.allSettled(readings);
    return settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  };
  const expose = async (): Promise<string> => {
    const readings = await readAll();
    // What cannot be read now is not told as it was, and not as nothing either: `reset` leaves a zero where there are no labels.
    for (const one of gauges.values()) {
      one.reset();
      one.remove({});
    }
    for (const { name, labels, value } of readings) gauges.get(name)?.set(labels, value);
    return registry.metrics();
  };
  let exposing: Promise<string> | undefined;
  return {
    metrics: {
      count: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
      observe: (name, labels, value) => histograms.get(name)?.observe(labels, value),
    },
    contentType: registry.contentType,
    addGauges: (source) => void sources.push(source),
    expose: () => {
      exposing ??= expose().finally(() => {
        exposing = undefined;
      });
      return exposing;
    },
  };
}
