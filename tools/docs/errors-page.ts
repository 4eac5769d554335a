import { errorName, errors, errorText, isRetriable } from '@millrace/protocol';

/** Every error code of Kafka. */
export function errorsPage(): string {
  const codes = Object.values(errors).sort((a, b) => a - b);
  const rows = codes.map(
    (code) => `| ${code} | ${errorName(code)} | ${isRetriable(code) ? 'yes' : 'no'} | ${errorText(code)} |`,
  );
  return `# Error codes

Printed from \`packages/protocol/src/errors.ts\` by \`npm run docs\`: ${codes.length} codes, as in Apache Kafka 4.4.0.

| code | name | retriable | what happened, what to do |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
