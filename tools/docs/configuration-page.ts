import type { Key, KeyTable } from '@millrace/base';
import { configTables } from '@millrace/broker';

/** Every key of the broker, of topics, groups and client metrics, with its effect. */
export function configurationPage(): string {
  const { brokerKeys, topicKeys, groupKeys, clientMetricsKeys } = configTables;
  return `# Configuration

Printed from the tables in \`packages/broker/src/config\` by \`npm run docs\`. Keys come from \`server.properties\`, then \`KAFKA_*\` variables, then
\`--override key=value\`; the later wins. A key marked *inert* is accepted and checked, and has no effect yet.

## Broker

${table(brokerKeys, true)}

## Topics

${table(topicKeys, false)}

## Groups

${table(groupKeys, false)}

## Client metrics

${table(clientMetricsKeys, false)}
`;
}

function table(keys: KeyTable, withMode: boolean): string {
  const rows = Object.entries(keys).sort(([a], [b]) => a.localeCompare(b, 'en'));
  const mode = withMode ? ' changes |' : '';
  const line = withMode ? ' --- |' : '';
  return [
    `| key | type | default |${mode} effect | meaning |`,
    `| --- | --- | --- |${line} --- | --- |`,
    ...rows.map(
      ([name, key]) =>
        `| \`${name}\` | ${key.type} | ${fallback(key)} |${withMode ? ` ${key.dynamic} |` : ''} ${effect(key)} | ${key.doc.replaceAll('|', '\\|')} |`,
    ),
  ].join('\n');
}

function fallback(key: Key<unknown>): string {
  if (key.default === null) return '–';
  return key.default === '' ? 'empty' : `\`${key.default.replaceAll('|', '\\|').replaceAll('\n', ' ')}\``;
}

function effect(key: Key<unknown>): string {
  const origin = key.own ? ' (ours)' : '';
  return `${key.inert ? 'inert' : 'yes'}${origin}`;
}
