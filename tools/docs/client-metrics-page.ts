import { clientMetrics } from '@millrace/client';

type Table = (typeof clientMetrics.producer)[number];

/** Every metric of the clients, by Kafka's groups, and those of Java's clients that they lack. */
export function clientMetricsPage(): string {
  const { producer, consumer, share, admin, leftOut } = clientMetrics;
  return `# Metrics of clients

Printed from the tables beside the code of \`packages/client\` by \`npm run docs\`. Names are those of Kafka's Java clients. \`metrics()\` of a
producer, consumer, share consumer or admin gives those of the client as a whole by name; \`cluster.metrics.all()\` of the first three gives every metric with its
group and tags. Rates, means and extremes are taken over the last \`metrics.num.samples\` windows of \`metrics.sample.window.ms\`; a mean or extreme of nothing is
NaN. Totals count from when the client was made.

## Producer

${producer.map(section).join('\n\n')}

## Consumer

${consumer.map(section).join('\n\n')}

## Share consumer

${share.map(section).join('\n\n')}

## Admin

${admin.map(section).join('\n\n')}

## Left out

| metric of Java’s clients | why |
| --- | --- |
${[...leftOut].map(([name, reason]) => `| \`${name}\` | ${reason} |`).join('\n')}
`;
}

function section({ group, tags, rows }: Table): string {
  const by = tags.length === 0 ? '' : `, by ${tags.map((tag) => `\`${tag}\``).join(' and ')}`;
  return [
    `### \`${group}\`${by}`,
    '',
    '| metric | meaning |',
    '| --- | --- |',
    ...Object.entries(rows).map(([name, { doc }]) => `| \`${name}\` | ${doc} |`),
  ].join('\n');
}
