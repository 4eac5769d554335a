/** The dialects by the names that `metrics.dialects` knows. */
import { jmxExporter } from './dialects/jmx-exporter.ts';
import { kafkaExporter } from './dialects/kafka-exporter.ts';
import { own } from './dialects/own.ts';
import { strimziReporter } from './dialects/strimzi-reporter.ts';
import type { Names } from './measure.ts';

export const dialects: ReadonlyMap<string, Names> = new Map([
  ['jmx-exporter', jmxExporter],
  ['strimzi-reporter', strimziReporter],
  ['kafka-exporter', kafkaExporter],
]);

/** Our own names are always there. */
export function namesOf(chosen: readonly string[]): Names[] {
  const names = chosen.map((name) => dialects.get(name)).filter((found) => found !== undefined);
  return [...names, own];
}
