// A compacted topic: what is left of it, tombstones and holes between offsets, looks the same to every client.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { install } from '../../../tools/reference/kafka-home.ts';
import { startTarget, type Target, type TargetKind } from '../../compat/target.ts';
import { javaClient, kafkajsClient, librdkafkaClient } from './foreign-clients.ts';
import { createTopic } from './interop-topic.ts';
import { millraceClient } from './millrace-client.ts';
import { readLine, type WrittenRecord } from './record-lines.ts';

const topic = 'latest';
const timestamp = 1_500_000_000_000;
const settings = {
  'cleanup.policy': 'compact',
  'segment.ms': '200',
  'min.cleanable.dirty.ratio': '0.01',
  'min.compaction.lag.ms': '0',
};
/** Key and value; the last ones are in the segment that is never cleaned. */
const written: [key: string, value: string | null][] = [
  ['a', '1'],
  ['b', '1'],
  ['gone', '1'],
  ['a', '2'],
  ['gone', null],
  ['b', ''],
  ['a', '3'],
  ['c', '1'],
];
const active: [key: string, value: string | null][] = [['a', '4']];
/** By offset. */
const left = [4, 5, 6, 7, 8];

install('system', 'kafka', 'python');

for (const kind of ['kafka', 'millrace'] satisfies TargetKind[]) {
  suite(`a compacted topic on ${kind}`, () => {
    let target: Target;

    before(async () => {
      target = await startTarget(kind, { properties: { 'log.cleaner.backoff.ms': '200' } });
      await createTopic(target.bootstrap, topic, { partitions: 1, settings });
      // Segments are rolled by the times of records.
      await millraceClient.write(target.bootstrap, topic, written.map(recordOf(timestamp)));
      await sleep(500);
      await millraceClient.write(target.bootstrap, topic, active.map(recordOf(timestamp + 1000)));
      await untilCleaned(target.bootstrap);
    });

    after(async () => {
      await target.stop();
    });

    for (const client of [millraceClient, javaClient, librdkafkaClient, kafkajsClient]) {
      test(`${client.name} reads what is left, tombstones among it`, async () => {
        const all = [...written, ...active];
        const expected = left.map((offset) => {
          const isActive = offset >= written.length;
          return readLine(0, BigInt(offset), recordOf(timestamp + (isActive ? 1000 : 0))(all[offset] ?? ['', null]));
        });
        assert.deepEqual(await client.read(target.bootstrap, topic), expected);
      });
    }
  });
}

function recordOf(at: number): (pair: readonly [string, string | null]) => WrittenRecord {
  return ([key, value]) => ({
    codec: 'none',
    partition: 0,
    timestamp: at,
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: [],
  });
}

async function untilCleaned(bootstrap: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    if ((await millraceClient.read(bootstrap, topic)).length <= left.length) return;
    await sleep(500);
  }
  assert.fail('the cleaner has not come');
}
