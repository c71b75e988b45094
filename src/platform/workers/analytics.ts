// Metrics on Workers, where nothing can be asked for its counters: each happening is a data point in Workers Analytics Engine.
// Gauges there are none; SQL over the data points is Cloudflare's (docs/operating.md).
import { METRICS, UNCOUNTED, type MetricName, type Metrics } from '../../server/metrics.ts';

/** What is used of a dataset binding. */
interface Dataset {
  writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void;
}

const isDataset = (binding: unknown): binding is Dataset =>
  typeof binding === 'object' && binding !== null && 'writeDataPoint' in binding;

/** `blob1` is the metric, the labels follow in the order of the table; `double1` is the value. Without a binding nobody counts. */
export function analyticsMetrics(binding: unknown): Metrics {
  if (!isDataset(binding)) return UNCOUNTED;
  const write = (name: MetricName, labels: Readonly<Record<string, string>>, value: number): void =>
    binding.writeDataPoint({
      indexes: [name],
      blobs: [name, ...METRICS[name].labels.map((label) => labels[label] ?? '')],
      doubles: [value],
    });
  return { count: (name, labels, by = 1) => write(name, labels, by), observe: write };
}
