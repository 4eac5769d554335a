// One topic, written by every client with every codec, read by every client: the same records come out everywhere.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { install } from '../../../tools/reference/kafka-home.ts';
import { startTarget, type Target, type TargetKind } from '../../compat/target.ts';
import { edgeRecords } from './edge-records.ts';
import { javaClient, kafkajsClient, librdkafkaClient, type InteropClient } from './foreign-clients.ts';
import { createTopic } from './interop-topic.ts';
import { millraceClient } from './millrace-client.ts';
import { readLine } from './record-lines.ts';

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const clients = [javaClient, librdkafkaClient, kafkajsClient, millraceClient];
const settings = {
  'retention.ms': '-1',
  'message.timestamp.after.max.ms': '9223372036854775807',
  'max.message.bytes': '4000000',
};

const tombstone = { codec: 'none', partition: 0, key: Buffer.from('key'), value: null, headers: [] };
/** Above 2^53, and a number all the same. */
const farTimestamp = 4_500_000_000_000_000_000;

install('system', 'kafka', 'python');

for (const kind of ['kafka', 'millrace'] satisfies TargetKind[]) {
  suite(`one topic on ${kind}`, () => {
    const topic = 'edges';
    let target: Target;

    before(async () => {
      target = await startTarget(kind);
      await createTopic(target.bootstrap, topic, { partitions: clients.length * codecs.length, settings });
      for (const [at, client] of clients.entries()) {
        const records = codecs.flatMap((codec, codecAt) =>
          recordsFor(client).map((record) => ({ ...record, codec, partition: at * codecs.length + codecAt })),
        );
        await client.write(target.bootstrap, topic, records);
      }
    });

    after(async () => {
      await target.stop();
    });

    for (const reader of clients) {
      test(`${reader.name} reads what everybody wrote, with every codec, exactly`, async () => {
        const lines = await reader.read(target.bootstrap, topic);
        const found = Map.groupBy(lines, (line) => Number(line.split('\t', 1)[0]));
        for (const [at, writer] of clients.entries()) {
          for (const [codecAt, codec] of codecs.entries()) {
            const partition = at * codecs.length + codecAt;
            const expected = expectedLines(partition, writer, reader);
            assert.deepEqual(
              found.get(partition)?.map(short),
              expected.map(short),
              `written by ${writer.name} with ${codec}`,
            );
            assert.deepEqual(found.get(partition), expected);
          }
        }
      });
    }

    test('our client reads timestamps beyond 2^53 as the nearest number, Java exactly', async () => {
      const late = 'late';
      await createTopic(target.bootstrap, late, { partitions: 1, settings });
      const others = [javaClient, librdkafkaClient, kafkajsClient];
      for (const client of others)
        await client.write(target.bootstrap, late, [{ ...tombstone, timestamp: farTimestamp }]);
      const expected = others.map((_, offset) =>
        readLine(0, BigInt(offset), { ...tombstone, timestamp: farTimestamp }),
      );
      assert.deepEqual(await millraceClient.read(target.bootstrap, late), expected);
      assert.deepEqual(await javaClient.read(target.bootstrap, late), expected);
    });
  });
}

/** kafkajs throws when it is to write a header without a value. */
function recordsFor(writer: InteropClient): ReturnType<typeof edgeRecords> {
  if (writer !== kafkajsClient) return edgeRecords();
  return edgeRecords().filter(({ headers }) => headers.every(({ value }) => value !== null));
}

/** In kafkajs, headers are an object: those of one key stand together, in the place of the first. */
function expectedLines(partition: number, writer: InteropClient, reader: InteropClient): string[] {
  const areGrouped = writer === kafkajsClient || reader === kafkajsClient;
  return recordsFor(writer).map((record, offset) => {
    const grouped = Map.groupBy(record.headers, ({ key }) => key);
    const headers = areGrouped ? [...grouped.values()].flat() : record.headers;
    return readLine(partition, BigInt(offset), { ...record, headers });
  });
}

/** Enough to see which record it is. */
function short(line: string): string {
  return line.slice(0, 200);
}
