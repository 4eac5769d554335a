// Writes as fast as records are made, waits only when it is told to, and says again and again how much memory it has.
// Run: node eager-writer.ts BOOTSTRAP TOPIC RECORDS

import { randomBytes } from 'node:crypto';
import { Producer } from '@millrace/client';
import { sampleMemory } from './memory-sample.ts';

const [bootstrap = '', topic = '', count = ''] = process.argv.slice(2);
const recordsMax = Number(count);
const value = randomBytes(100);

const producer = new Producer({ 'bootstrap.servers': bootstrap });
let acknowledged = 0;
const told = (error: Error | null) => {
  if (error !== null) throw error;
  acknowledged++;
};
for (let records = 1; records <= recordsMax; records++) {
  if (!producer.produce({ topic, value }, told)) await producer.drained();
  if (records % (recordsMax / 20) === 0) console.log(JSON.stringify(sampleMemory(records)));
}
await producer.close();
if (acknowledged !== recordsMax) throw new Error(`${acknowledged} of ${recordsMax} records were acknowledged`);
