import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestRecord } from '../http/request-record';
import type { OperationNames } from './operations';

/**
 * Spans go to the OpenTelemetry SDK that the operator has registered (see README); without one, they are nothing and
 * cost nothing worth mentioning. What they say is in words of ours: never a variable, an SQL parameter, a header, or
 * the text of an error, which may repeat one of those.
 */
const tracer = trace.getTracer('billing-access-delegation');

/**
 * Carries out a GraphQL request within two spans: the request, from its head to the end of its answer, which
 * continues the trace that the client sent; and in it the operation, which is what statements belong to.
 */
export async function traceRequest<Result>(
  request: FastifyRequest,
  reply: FastifyReply,
  names: OperationNames,
  work: () => Promise<Result>,
): Promise<Result> {
  const outside = propagation.extract(context.active(), request.headers);
  const span = tracer.startSpan(
    `${request.method} /graphql`,
    {
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': request.method, 'http.route': '/graphql' },
    },
    outside,
  );
  if (!span.isRecording()) return context.with(trace.setSpan(outside, span), work);
  span.setAttribute('billing.request_id', request.id);
  reply.raw.once('close', () => {
    const { statusCode } = reply.raw;
    span.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
  const within = trace.setSpan(outside, span);
  const operation = tracer.startSpan('graphql', { kind: SpanKind.INTERNAL }, within);
  try {
    return await context.with(trace.setSpan(within, operation), work);
  } finally {
    if (request.record !== undefined) describe(operation, request.record, names.labelOf(request.record));
    operation.end();
  }
}

function describe(span: Span, record: RequestRecord, name: string): void {
  if (record.type === null) return;
  span.updateName(`${record.type} ${name}`);
  span.setAttributes({ 'graphql.operation.type': record.type, 'graphql.operation.name': name });
  if (record.codes.size === 0) return;
  span.setAttribute('billing.codes', [...record.codes]);
  if (record.codes.has('INTERNAL') || record.codes.has('UNAVAILABLE')) {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
}

/** What is told of each statement that has ended: how long it took, in seconds, and how it ended. */
export type StatementWatch = (seconds: number, outcome: 'ok' | 'failed') => void;

/** Runs an SQL statement within a span, where somebody records its request, and tells the watch of it. */
export async function watchStatement<Result>(
  text: string,
  watch: StatementWatch | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  const span = trace.getActiveSpan()?.isRecording() === true ? statementSpan(text) : undefined;
  if (span === undefined && watch === undefined) return run();
  const began = performance.now();
  let outcome: 'ok' | 'failed' = 'failed';
  try {
    const result = await run();
    outcome = 'ok';
    return result;
  } catch (error) {
    // The code alone: what the driver says may repeat values.
    const { code } = error as { code?: unknown };
    span?.setAttribute('error.type', typeof code === 'string' ? code : 'error');
    span?.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    watch?.((performance.now() - began) / 1000, outcome);
    span?.end();
  }
}

/** The text of a statement is ours, with a placeholder for every value. */
const statementSpan = (text: string): Span =>
  tracer.startSpan(/\w+/.exec(text)?.[0].toUpperCase() ?? 'SQL', {
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'postgresql', 'db.query.text': text },
  });
