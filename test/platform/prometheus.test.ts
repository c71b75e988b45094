// The text Prometheus reads: what was counted, gauges as they are now, and nobody waits for one that cannot be had.
import { expect, test, vi } from 'vitest';
import { openMetrics } from '../../src/platform/node/prometheus.ts';
import { analyticsMetrics } from '../../src/platform/workers/analytics.ts';
import { readingOf } from '../../src/server/metrics.ts';

const ours = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('whereabouts_') && !/_(?:bucket|sum)|elements_total|_seconds_count/.test(line));

test('counters add up, labels and all', async () => {
  const { metrics, expose } = await openMetrics();
  expect(ours(await expose())).toEqual(['whereabouts_epoch_changes_count 0']);
  metrics.count('deposits_total', { outcome: 'created' });
  metrics.count('deposits_total', { outcome: 'created' });
  metrics.count('deposits_total', { outcome: 'name-full' });
  metrics.observe('epoch_changes', {}, 7);
  metrics.observe('epoch_changes', {}, 20_000);
  const text = await expose();
  expect(ours(text)).toEqual([
    'whereabouts_deposits_total{outcome="created"} 2',
    'whereabouts_deposits_total{outcome="name-full"} 1',
    'whereabouts_epoch_changes_count 2',
  ]);
  expect(text).toContain('whereabouts_epoch_changes_bucket{le="10"} 1\n');
  expect(text).toContain('whereabouts_epoch_changes_bucket{le="+Inf"} 2\n');
});

test('gauges are as they are now; those that cannot be had are left out, not told as they were', async () => {
  const { addGauges, expose } = await openMetrics();
  let failing = false;
  addGauges(async () => [readingOf('database_up', {}, 1)]);
  addGauges(async () => {
    if (failing) throw new Error('no database');
    return [readingOf('records', {}, 12)];
  });
  expect(ours(await expose())).toEqual([
    'whereabouts_records 12',
    'whereabouts_epoch_changes_count 0',
    'whereabouts_database_up 1',
  ]);
  failing = true;
  expect(ours(await expose())).toEqual(['whereabouts_epoch_changes_count 0', 'whereabouts_database_up 1']);
});

test('a gauge that hangs is not waited for longer than two seconds, and readers at once share one look', async () => {
  const { addGauges, expose } = await openMetrics();
  const look = vi.fn(() => new Promise<never>(() => undefined));
  addGauges(look);
  addGauges(async () => [readingOf('database_up', {}, 0)]);
  const start = performance.now();
  const texts = await Promise.all([expose(), expose(), expose()]);
  expect(performance.now() - start).toBeLessThan(4_000);
  expect(texts.map(ours)).toEqual(
    [1, 2, 3].map(() => ['whereabouts_epoch_changes_count 0', 'whereabouts_database_up 0']),
  );
  expect(look).toHaveBeenCalledTimes(1);
});

test('on Workers each happening is a data point; without a dataset there is none', () => {
  const points: unknown[] = [];
  const metrics = analyticsMetrics({ writeDataPoint: (point: unknown) => void points.push(point) });
  const labels = { status: '200', role: 'directory', route: '/v1/epoch', method: 'GET' };
  metrics.count('deposits_total', { outcome: 'created' });
  metrics.observe('http_request_duration_seconds', labels, 0.25);
  expect(points).toEqual([
    { indexes: ['deposits_total'], blobs: ['deposits_total', 'created'], doubles: [1] },
    {
      indexes: ['http_request_duration_seconds'],
      blobs: ['http_request_duration_seconds', 'directory', 'GET', '/v1/epoch', '200'],
      doubles: [0.25],
    },
  ]);
  for (const binding of [undefined, null, 'METRICS', {}])
    expect(analyticsMetrics(binding).count('deposits_total', { outcome: 'created' })).toBeUndefined();
});
