import { servedApis } from '@millrace/broker';
import { apis } from '@millrace/protocol';

/** Every API key of Kafka, and what Millrace answers. */
export function apisPage(): string {
  const served = new Map(servedApis().map((entry) => [entry.api.key, entry]));
  const rows = Object.values(apis).map((api) => {
    const entry = served.get(api.key);
    const kafka = range(api.versions.since, api.versions.until);
    const flexible = Number.isFinite(api.flexibleSince) ? `${api.flexibleSince}+` : 'never';
    if (entry === undefined)
      return `| ${api.key} | ${api.name} | ${kafka} | ${flexible} | – | ${api.listeners.includes('broker') ? 'not served yet' : 'between controllers'} |`;
    const advertised = entry.advertised.min === entry.versions.min ? '' : ` (advertised from ${entry.advertised.min})`;
    return `| ${api.key} | ${api.name} | ${kafka} | ${flexible} | ${range(entry.versions.min, entry.versions.max)}${advertised} | ${entry.leftOut === undefined ? '' : `left out: ${entry.leftOut}`} |`;
  });
  return `# APIs

Printed from \`packages/broker/src/apis.ts\` and \`packages/protocol/src/apis\` by \`npm run docs\`. ${served.size} of Kafka's ${rows.length} keys are served. The codec reads
and writes all of them in all versions; a request for a key that is not served closes the connection, as in Kafka, and is logged with the
client's software name.

| key | name | Kafka 4.4.0 | flexible | served | remarks |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function range(min: number, max: number): string {
  return min === max ? String(min) : `${min}–${max}`;
}
