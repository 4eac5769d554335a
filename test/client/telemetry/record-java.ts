/** Writes `java-push.tsv`: what Java's clients tell of when they push metrics. `node test/client/telemetry/record-java.ts` */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { KAFKA_VERSION } from '../../../tools/reference/kafka-home.ts';
import { doors, javaWork, toldBy } from './pushing-client.ts';

const lines = [
  `# What the Java clients of Kafka ${KAFKA_VERSION} push to Millrace: door, metric, kind, value, time, labels.`,
];
for (const door of doors) for (const line of await toldBy(javaWork(door))) lines.push(`${door}\t${line}`);
writeFileSync(join(import.meta.dirname, 'java-push.tsv'), `${lines.join('\n')}\n`);
