// Traces: none without a collector, none of a stranger's context in or out, and a collector that is away holds up nobody.
import { context, propagation, trace } from '@opentelemetry/api';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { openTracing } from '../../src/platform/node/tracing.ts';
import type { Log } from '../../src/server/context.ts';
import { attributesOf, startCollector } from '../support/collector.ts';

const SECRET = 'bob@example.com';
const ignore = () => undefined;
const warn = vi.fn();
const log: Log = { debug: ignore, info: ignore, warn, error: ignore };

/** As a process begins: a tracer that was handed out is not taken back. */
const begin = async () => {
  vi.resetModules();
  const { WhereaboutsError } = await import('../../src/protocol/errors.ts');
  return { ...(await import('../../src/server/trace.ts')), WhereaboutsError };
};

afterEach(() => {
  warn.mockClear();
  vi.unstubAllEnvs();
  trace.disable();
  context.disable();
});

test('without a collector work is done, and nothing else', async () => {
  const { traced } = await begin();
  const active: unknown[] = [];
  const done = await traced('work', {}, async (span) => {
    span.note({ 'whereabouts.elements': 1 });
    active.push(trace.getActiveSpan()?.isRecording());
    return 7;
  });
  expect([done, active]).toEqual([7, [undefined]]);
  await expect(traced('work', {}, () => Promise.reject(new Error(SECRET)))).rejects.toThrow(SECRET);
});

test('spans hang together, a request begins its own trace, and of a failure only the code is told', async () => {
  const { traced, traceStatement, WhereaboutsError } = await begin();
  const collector = await startCollector();
  const close = await openTracing(collector.url, log);
  const carrier: Record<string, string> = {};
  await traced('outer', {}, async () => {
    await traced('asked', { kind: 'asked' }, async () => {
      propagation.inject(context.active(), carrier);
      traceStatement('SELECT', Promise.resolve());
    });
    for (const error of [new Error(SECRET), new WhereaboutsError('quota-exceeded', SECRET)])
      await expect(traced('failing', { kind: 'asking' }, () => Promise.reject(error))).rejects.toThrow();
    traceStatement('INSERT', Promise.reject(new Error(SECRET)));
  });
  // In nobody's span it is nobody's business.
  traceStatement('UPDATE', Promise.resolve());
  await new Promise((resolve) => setTimeout(resolve, 10));
  await close();
  const spans = collector.spans();
  const [outer, asked] = ['outer', 'asked'].map((name) => spans.find((span) => span.name === name));
  expect(spans.map(({ name }) => name).toSorted()).toEqual([
    'INSERT',
    'SELECT',
    'asked',
    'failing',
    'failing',
    'outer',
  ]);
  expect(asked?.traceId).not.toBe(outer?.traceId);
  expect(asked?.parentSpanId).toBeUndefined();
  const codes = spans.filter(({ name }) => name === 'failing').map((span) => attributesOf(span)['error.type']);
  expect(codes).toEqual(['internal-error', 'quota-exceeded']);
  expect(collector.bodies.join('')).not.toContain('bob');
  // No propagator: what a request of ours carries says nothing of its trace.
  expect(carrier).toEqual({});
  await collector.close();
});

test('a collector that is away, says nothing or refuses holds up nobody for longer than two seconds at the end', async () => {
  const silent = createServer((socket) => socket.on('error', ignore)).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const refusing = await startCollector();
  const local = (port: number) => `http://127.0.0.1:${port}`;
  for (const url of [local(9), local((silent.address() as AddressInfo).port), `${refusing.url}/elsewhere`]) {
    const { traced } = await begin();
    const close = await openTracing(url, log);
    await traced('work', {}, async () => undefined);
    const start = performance.now();
    await close();
    expect(performance.now() - start).toBeLessThan(4_000);
    trace.disable();
    context.disable();
  }
  expect(warn.mock.calls).toEqual([['traces-unsent']]);
  expect(refusing.bodies.length).toBe(1);
  await refusing.close();
  silent.close();
});

test('spans that cannot be sent while the process runs are a line, which says nothing more', async () => {
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '20');
  const refusing = await startCollector();
  const { traced } = await begin();
  const close = await openTracing(`${refusing.url}/${encodeURIComponent(SECRET)}`, log);
  await traced('work', {}, async () => undefined);
  await vi.waitFor(() => expect(warn).toHaveBeenCalled(), { timeout: 5_000 });
  await close();
  expect(warn.mock.calls).toEqual([['traces-unsent']]);
  await refusing.close();
});
