// How long a test waits for a broker of its own: from the call of `startBroker` to the first record that was written and read back,
// again and again in one process. Prints one line of JSON with the milliseconds of each start. Run: `node bench/embedded-starts.ts [COUNT]`.

import { strict as assert } from 'node:assert';
import { encodeBatch } from '@millrace/protocol';
import { startBroker, WireClient } from '@millrace/testkit';

/** Starts that are not counted: the process gets warm. */
const warmUpCount = 30;
const topic = 'first';
const records = encodeBatch([{ value: Buffer.from('hello'), timestamp: Date.now() }]);

const count = Number(process.argv[2] ?? 100);
for (let index = 0; index < Math.min(warmUpCount, count); index++) await startToFirstRecord();
const milliseconds: number[] = [];
for (let index = 0; index < count; index++) milliseconds.push(await startToFirstRecord());
console.log(JSON.stringify(milliseconds));

async function startToFirstRecord(): Promise<number> {
  const startedAtMs = performance.now();
  await using broker = await startBroker();
  await using client = await WireClient.connect(broker.bootstrap);
  const created = await client.send('createTopics', 7, {
    topics: [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1000,
  });
  assert.equal(created.topics[0]?.errorCode, 0);
  const partition = { index: 0, records };
  const written = await client.send('produce', 9, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [partition] }],
  });
  assert.equal(written.responses[0]?.partitionResponses[0]?.errorCode, 0);
  const read = await client.send('fetch', 12, {
    maxWaitMs: 1000,
    minBytes: 1,
    sessionEpoch: -1,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
  });
  assert.equal(read.responses[0]?.partitions[0]?.records?.length, records.length);
  return performance.now() - startedAtMs;
}
