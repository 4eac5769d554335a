/**
 * Metrics as OpenTelemetry's protocol carries them (MetricsData, version 1), as far as Kafka's clients use it: gauges, and sums that only
 * grow. In: what a metric tells. Out: bytes.
 */
import { double, framed, integer, message, nanoseconds, text } from './protobuf.ts';

export type Labels = readonly (readonly [name: string, value: string])[];

/** What of a metric is the same in every push, as bytes. */
export interface MetricFrame {
  readonly name: Buffer;
  readonly attributes: Buffer;
}

export interface Point {
  /** gauge: now; total: since `sinceMs`, which stays; delta: since `sinceMs`, which is where the last one ended. */
  readonly kind: 'gauge' | 'total' | 'delta';
  readonly value: number;
  /** Both by the wall clock. */
  readonly sinceMs: number;
  readonly atMs: number;
}

/** Of a sum that only grows. */
const tails = {
  delta: Buffer.concat([integer(2, 1), integer(3, 1)]),
  total: Buffer.concat([integer(2, 2), integer(3, 1)]),
} as const;

export const frameOf = (name: string, labels: Labels): MetricFrame => ({
  name: text(1, name),
  attributes: Buffer.concat(labels.map(([label, value]) => attribute(7, label, value))),
});

/** A metric with its only point, to be put into `metricsOf`. A client of a thousand partitions has thousands: nothing is copied twice. */
export function metric({ name, attributes }: MetricFrame, { kind, value, sinceMs, atMs }: Point): Buffer {
  const isSum = kind !== 'gauge';
  const since = isSum ? [nanoseconds(2, sinceMs)] : [];
  const tail = isSum ? [tails[kind]] : [];
  const point = framed(1, [...since, nanoseconds(3, atMs), double(4, value), attributes]);
  const body = framed(isSum ? 7 : 5, [...point, ...tail]);
  return Buffer.concat(framed(2, [name, ...body]));
}

/** `labels` are those of the client itself. Nothing at all where there are no metrics. */
export function metricsOf(labels: Labels, metrics: readonly Uint8Array[]): Buffer {
  if (metrics.length === 0) return Buffer.alloc(0);
  const resource = message(1, ...labels.map(([label, value]) => attribute(1, label, value)));
  return message(1, resource, message(2, ...metrics));
}

const attribute = (field: number, name: string, value: string): Buffer =>
  message(field, text(1, name), message(2, text(1, value)));
