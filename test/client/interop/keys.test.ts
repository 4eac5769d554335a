// Records with a key go to the partition that Java's client would choose, whichever client writes them.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { install } from '../../../tools/reference/kafka-home.ts';
import { startTarget, type Target, type TargetKind } from '../../compat/target.ts';
import { javaClient, kafkajsClient, librdkafkaClient, type InteropClient } from './foreign-clients.ts';
import { createTopic } from './interop-topic.ts';
import { millraceClient } from './millrace-client.ts';
import type { WrittenRecord } from './record-lines.ts';

const partitions = 13;
/** Of every length from 0 up, and of every byte. */
const keys = Array.from({ length: 5000 }, (_, index) =>
  createHash('sha512')
    .update(`${index}`)
    .digest()
    .subarray(0, index % 65),
);
const records = [...new Map(keys.map((key) => [key.toString('hex'), key])).values()].map((key): WrittenRecord => ({
  codec: 'none',
  timestamp: 1e12,
  key,
  value: null,
  headers: [],
}));

install('system', 'kafka', 'python');

for (const kind of ['kafka', 'millrace'] satisfies TargetKind[]) {
  suite(`keys on ${kind}`, () => {
    let target: Target;
    let expected: Map<string, string>;

    before(async () => {
      target = await startTarget(kind);
      expected = await placesBy(javaClient);
    });

    after(async () => {
      await target.stop();
    });

    for (const client of [millraceClient, librdkafkaClient, kafkajsClient]) {
      test(`${client.name} puts thousands of keys where Java puts them`, async () => {
        const found = await placesBy(client);
        assert.equal(found.size, records.length);
        assert.deepEqual(found, expected);
      });
    }

    /** The partition of each key. */
    async function placesBy(client: InteropClient): Promise<Map<string, string>> {
      const topic = `keys-of-${client.name.toLowerCase()}`;
      await createTopic(target.bootstrap, topic, { partitions });
      await client.write(target.bootstrap, topic, records);
      const places = (await javaClient.read(target.bootstrap, topic)).map((line): [string, string] => {
        const [partition = '', , , key = ''] = line.split('\t');
        return [key, partition];
      });
      return new Map(places);
    }
  });
}
