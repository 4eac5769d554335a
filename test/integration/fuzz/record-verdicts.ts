// Asks Apache Kafka 4.3.1 and writes testdata/kafka-verdicts.json; with host:port asks that broker and prints.
import { writeFileSync } from 'node:fs';

import { startKafka } from '../../../tools/reference/kafka-node.ts';
import { batchCases } from './batch-cases.ts';
import { askVerdicts } from './verdicts.ts';

const target = process.argv[2];
if (target === undefined) {
  await using node = await startKafka();
  const verdicts = await askVerdicts(node.bootstrap, batchCases(Date.now()));
  writeFileSync(new URL('testdata/kafka-verdicts.json', import.meta.url), `${JSON.stringify(Object.fromEntries(verdicts), null, 1)}\n`);
} else {
  console.log(JSON.stringify(Object.fromEntries(await askVerdicts(target, batchCases(Date.now()))), null, 1));
}
