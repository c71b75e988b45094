// Spans, in the words of OpenTelemetry: nothing at all unless a platform registers somewhere to send them. What they may say is a
// closed list; messages of errors, paths, queries, parameters and addresses are not on it. No trace context is taken from a
// request or given to anybody: it would let strangers decide what is kept here, and link a question to who asked it elsewhere.
import { SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { codedFailure } from './failure.ts';

type Attribute =
  | 'db.operation.name'
  | 'db.system.name'
  | 'error.type'
  | 'http.request.method'
  | 'http.response.status_code'
  | 'http.route'
  /** Of domains the configuration names. */
  | 'server.address'
  | 'whereabouts.changes'
  | 'whereabouts.elements'
  | 'whereabouts.role';
export type Attributes = Readonly<Partial<Record<Attribute, string | number>>>;

const KINDS = { inside: SpanKind.INTERNAL, asked: SpanKind.SERVER, asking: SpanKind.CLIENT } as const;

export interface SpanOptions {
  /** What it is about: work of ours, somebody's request, or a request to somebody. */
  readonly kind?: keyof typeof KINDS;
  readonly attributes?: Attributes;
}

/** A span while it is open. */
export interface OpenSpan {
  note(attributes: Attributes): void;
}

const tracer = trace.getTracer('whereabouts');

/** Does `work` in a span. Of a failure it keeps the code. */
export function traced<T>(
  name: string,
  { kind = 'inside', attributes = {} }: SpanOptions,
  work: (span: OpenSpan) => Promise<T>,
): Promise<T> {
  // A request begins a trace of its own, whatever its sender says.
  const options = { kind: KINDS[kind], attributes, root: kind === 'asked' };
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work({ note: (more) => void span.setAttributes(more) });
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

function fail(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type' satisfies Attribute, codedFailure(error).code);
}

/** A span around what is under way already, within another: what nobody traces makes none. */
export function traceStatement(operation: string, done: Promise<unknown>): void {
  if (trace.getActiveSpan() === undefined) return;
  const attributes: Attributes = { 'db.system.name': 'postgresql', 'db.operation.name': operation };
  const span = tracer.startSpan(operation, { kind: SpanKind.CLIENT, attributes });
  done.then(
    () => span.end(),
    (error: unknown) => {
      fail(span, error);
      span.end();
    },
  );
}
