import type { Key, KeyTable } from '@millrace/base';
import { clientOptions } from '@millrace/client';

/** Every option of the clients that has one of Kafka's names, and those that Java's clients have beside them. */
export function clientOptionsPage(): string {
  const { every, producer, consumer, share, admin, leftOut } = clientOptions;
  return `# Options of clients

Printed from the tables in \`packages/client/src/options\` by \`npm run docs\`. Names, types and defaults are those of Kafka's Java clients, which
\`test/client/options\` compares. Options that are functions or objects have names of their own; they are described where they are declared
(\`ProducerOptions\`, \`ConsumerOptions\`, \`AdminOptions\`, \`SecurityOptions\`).

## All clients

${table(every)}

## Producer

${table(producer, every)}

## Consumer

${table(consumer, every)}

## Share consumer

${table(share, every)}

## Admin

${table(admin, every)}

## Left out

Options of Java's clients that are refused here, and why.

| option | why |
| --- | --- |
${[...leftOut].map(([name, reason]) => `| \`${name}\` | ${reason} |`).join('\n')}
`;
}

/** Without those that are as in the table that all clients begin with. */
function table(keys: KeyTable, base: KeyTable = {}): string {
  const rows = Object.entries(keys).filter(([name, key]) => base[name] !== key);
  return [
    '| option | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows
      .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
      .map(
        ([name, key]) =>
          `| \`${name}\` | ${key.type} | ${fallback(key)} | ${key.doc.replaceAll('|', '\\|')}${choices(key)} |`,
      ),
  ].join('\n');
}

function fallback(key: Key<unknown>): string {
  if (key.default === null) return '–';
  return key.default === '' ? 'empty' : `\`${key.default}\``;
}

function choices({ oneOf }: Key<unknown>): string {
  return oneOf === undefined || oneOf.length < 2 ? '' : ` One of ${oneOf.map((choice) => `\`${choice}\``).join(', ')}.`;
}
