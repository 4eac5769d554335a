/** The language that tables of metrics are written in: Kafka's names, and what each tells of which sensor. */
import type { Stat } from './sensor.ts';

/** `of` names the sensor; a gauge has none, and a function that is asked when it is read. */
export interface MetricRow<Of extends string | undefined = string | undefined> {
  readonly of: Of;
  readonly stat: Stat | 'gauge';
  readonly doc: string;
}

export interface MetricTable {
  /** Kafka's own, such as `consumer-fetch-manager-metrics`. */
  readonly group: string;
  /** Beside `client-id`, which is the same for all that a client has. */
  readonly tags: readonly string[];
  readonly rows: Readonly<Record<string, MetricRow>>;
}

export type SensorName<T extends MetricTable> = Exclude<T['rows'][keyof T['rows']]['of'], undefined>;
export type GaugeName<T extends MetricTable> = {
  [K in keyof T['rows'] & string]: T['rows'][K]['of'] extends undefined ? K : never;
}[keyof T['rows'] & string];
export type TableValues<T extends MetricTable> = { readonly [K in keyof T['rows'] & string]: number };

type RowMaker = <const Of extends string>(of: Of, doc: string) => MetricRow<Of>;
const rowOf =
  (stat: Stat): RowMaker =>
  (of, doc) => ({ of, stat, doc });

export const total = rowOf('total');
export const count = rowOf('count');
export const rate = rowOf('rate');
export const countRate = rowOf('count-rate');
export const countRatePerHour = rowOf('count-rate-per-hour');
export const avg = rowOf('avg');
export const max = rowOf('max');
export const min = rowOf('min');
export const gauge = (doc: string): MetricRow<undefined> => ({ of: undefined, stat: 'gauge', doc });
