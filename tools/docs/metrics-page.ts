import { dialects, namesOf } from '../../packages/broker/src/admin/dialects.ts';
import { leftOut } from '../../packages/broker/src/admin/dialects/left-out.ts';
import type { Measure, Names } from '../../packages/broker/src/admin/measure.ts';

const titles: ReadonlyMap<string, string> = new Map([
  ['jmx-exporter', 'JMX exporter with the rules of Strimzi'],
  ['strimzi-reporter', 'Metrics reporter of Strimzi'],
  ['kafka-exporter', 'kafka_exporter'],
]);

/** Every name on /metrics. */
export function metricsPage(): string {
  const sections = [...dialects].map(
    ([name, names]) => `## ${titles.get(name) ?? name}\n\nSwitch: \`${name}\`.\n\n${table(names)}`,
  );
  const [own = {}] = namesOf([]);
  const reasons = [...leftOut].map(([names, reason]) => `| \`${names}\` | ${reason} |`);
  return `# Metrics

Printed from the tables in \`packages/broker/src/admin\` by \`npm run docs\`. \`GET /metrics\` on the admin port (\`admin.listener\`) answers in
Prometheus' text format, under the names of every dialect that \`metrics.dialects\` lists; by default of all three. A name that two dialects
share is told once. Beside them are the usual \`process_*\` and \`nodejs_*\` of prom-client: \`process_open_fds\`, \`process_cpu_seconds_total\`,
\`process_resident_memory_bytes\`, heap, garbage collection, event loop.

${sections.join('\n\n')}

## Of clients

Metrics that clients push (KIP-714) stand beside these while the client is there, and a minute longer: \`org.apache.kafka.producer.a.b\` is
\`kafka_client_producer_a_b\`, sums end in \`_total\`, and besides their own labels all have \`client_id\` and \`client_instance_id\`. Which clients
push what is chosen with \`kafka-configs --alter --client-metrics NAME --add-config metrics=[...],interval.ms=...,match=[...]\`.

## Our own

${table(own)}

## Left out

| names | reason |
| --- | --- |
${reasons.join('\n')}
`;
}

function table(names: Names): string {
  const rows = Object.entries(names).map(([name, measure]) => row(name, measure));
  return ['| name | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function row(name: string, { type, labels, help }: Measure): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
}
