// Traces, sent to a collector by OpenTelemetry's SDK, which is loaded only where there is one. What spans say: server/trace.ts.
import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api';
import type { Log } from '../../server/context.ts';
import { within } from '../../server/directory/sequencer/waiting.ts';

/** A collector that does not answer must not hold up the end of the process. */
const CLOSE_MILLISECONDS = 2_000;

/**
 * Sends the spans of this process to `endpoint` (OTLP over HTTP, JSON) from now on; the function returned sends the rest and ends
 * it. Headers, sampling, limits and resource attributes are OpenTelemetry's own variables. Nothing is found out about the
 * machine: the resource is the service's name, and what those variables add.
 */
export async function openTracing(endpoint: string, log: Log): Promise<() => Promise<void>> {
  const [{ BatchSpanProcessor, NodeTracerProvider }, { OTLPTraceExporter }, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  diag.setLogger(failuresOnly(log), DiagLogLevel.ERROR);
  const { detectResources, envDetector, resourceFromAttributes } = resources;
  const said = detectResources({ detectors: [envDetector] });
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'whereabouts' }).merge(said),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  // No propagator: nothing is read from requests, nothing added to ours.
  provider.register({ propagator: null });
  return async () => {
    const sent = provider.shutdown().catch(() => log.warn('traces-unsent'));
    await within(CLOSE_MILLISECONDS, sent);
  };
}

/** What OpenTelemetry says of a failure may quote URLs and headers: the operator is told that there was one. */
function failuresOnly(log: Log): DiagLogger {
  const ignore = (): void => undefined;
  return { error: () => log.warn('traces-unsent'), warn: ignore, info: ignore, debug: ignore, verbose: ignore };
}
