/**
 * Metrics as OpenTelemetry's protocol carries them (MetricsData, version 1), as far as Kafka's clients use it: gauges, and sums that only
 * grow. In: what a metric tells. Out: bytes.
 */
import { double, integer, message, nanoseconds, text } from './protobuf.ts';

export type Labels = readonly (readonly [name: string, value: string])[];

export interface Point {
  readonly name: string;
  /** gauge: now; total: since `sinceMs`, which stays; delta: since `sinceMs`, which is where the last one ended. */
  readonly kind: 'gauge' | 'total' | 'delta';
  readonly labels: Labels;
  readonly value: number;
  /** Both by the wall clock. */
  readonly sinceMs: number;
  readonly atMs: number;
}

const temporalities = { delta: 1, total: 2 } as const;

/** A metric with its only point, to be put into `metricsOf`. */
export function metric({ name, kind, labels, value, sinceMs, atMs }: Point): Buffer {
  const attributes = labels.map(([label, its]) => attribute(7, label, its));
  const point = [nanoseconds(3, atMs), double(4, value), ...attributes];
  if (kind === 'gauge') return message(2, text(1, name), message(5, message(1, ...point)));
  const points = message(1, nanoseconds(2, sinceMs), ...point);
  return message(2, text(1, name), message(7, points, integer(2, temporalities[kind]), integer(3, 1)));
}

/** `labels` are those of the client itself. Nothing at all where there are no metrics. */
export function metricsOf(labels: Labels, metrics: readonly Uint8Array[]): Buffer {
  if (metrics.length === 0) return Buffer.alloc(0);
  const resource = message(1, ...labels.map(([label, value]) => attribute(1, label, value)));
  return message(1, resource, message(2, ...metrics));
}

const attribute = (field: number, name: string, value: string): Buffer =>
  message(field, text(1, name), message(2, text(1, value)));
