// kafkajs for the interoperation tests, in a process of its own. See foreign-clients.ts for the words and the lines.

import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import kafkajs, { type Kafka, type PartitionAssigner } from 'kafkajs';
import { plugCodecs } from '../../compat/kafkajs/codecs.ts';
import { hexOf, parseWritten, type WrittenRecord } from './record-lines.ts';

const { AssignerProtocol, CompressionTypes, Partitioners } = kafkajs;

const codecs: Record<string, number> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

const [word = '', bootstrap = '', ...rest] = process.argv.slice(2);
plugCodecs();
const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING });

if (word === 'write') await write(kafka, rest[0] ?? '');
else if (word === 'read') await read(kafka, rest[0] ?? '');
else await member(kafka, rest[0] ?? '', rest[1] ?? '');
process.exit(0);

/** One request for each codec and partition: kafkajs keeps records of different partitions apart by itself. */
async function write(client: Kafka, topic: string): Promise<void> {
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const records = parseWritten(await text(process.stdin));
  for (const codec of new Set(records.map((record) => record.codec))) {
    const messages = records.filter((record) => record.codec === codec).map(messageOf);
    await producer.send({ topic, messages, compression: codecs[codec] ?? 0 });
  }
  await producer.disconnect();
}

function messageOf({ partition, timestamp, key, value, headers }: WrittenRecord) {
  const grouped: Record<string, (Buffer | null)[]> = {};
  for (const { key: name, value: content } of headers) (grouped[name] ??= []).push(content);
  const simple = Object.entries(grouped).map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
  return {
    key,
    value,
    timestamp: String(timestamp),
    headers: Object.fromEntries(simple),
    ...(partition !== undefined && { partition }),
  };
}

async function read(client: Kafka, topic: string): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)]));
  await admin.disconnect();
  for (const [partition, end] of ends) if (end === 0n) ends.delete(partition);
  const consumer = client.consumer({ groupId: `read-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const done = Promise.withResolvers<void>();
  const lines: string[] = [];
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      const headers = Object.entries(message.headers ?? {}).flatMap(([name, given]) =>
        (Array.isArray(given) ? given : [given]).map((one) => `${hexOf(name)}:${hexOf(one ?? null)}`),
      );
      const { offset, timestamp, key, value } = message;
      lines.push([partition, offset, timestamp, hexOf(key), hexOf(value), headers.join(',')].join('\t'));
      if (BigInt(offset) + 1n >= (ends.get(partition) ?? 0n)) ends.delete(partition);
      if (ends.size === 0) done.resolve();
    },
  });
  await done.promise;
  await consumer.disconnect();
  await new Promise((resolve) => process.stdout.write(lines.map((line) => `${line}\n`).join(''), resolve));
}

async function member(client: Kafka, groupId: string, topic: string): Promise<void> {
  const consumer = client.consumer({
    groupId,
    sessionTimeout: 6000,
    heartbeatInterval: 200,
    maxWaitTimeInMs: 50,
    partitionAssigners: [rangeAssigner],
  });
  const tell = (partitions: readonly number[]) => console.log(`owned\t${partitions.join(',')}`);
  consumer.on('consumer.group_join', ({ payload }) => tell(payload.memberAssignment[topic] ?? []));
  consumer.on('consumer.rebalancing', () => tell([]));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ partition, message }) => console.log(`record\t${partition}\t${message.offset}`),
  });
  await once(process.stdin.resume(), 'end');
  await consumer.disconnect();
}

/** kafkajs has no range of its own; its name in the protocol must be that of the others. The topics are those of one test: one. */
function rangeAssigner({ cluster }: Parameters<PartitionAssigner>[0]): ReturnType<PartitionAssigner> {
  return {
    name: 'range',
    version: 1,
    async assign({ members, topics }) {
      const ids = members.map(({ memberId }) => memberId).sort();
      return ids.map((memberId, at) => {
        const assignment = topics.map((topic): [string, number[]] => {
          const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
          const [each, extra] = [Math.floor(partitions.length / ids.length), partitions.length % ids.length];
          const start = each * at + Math.min(at, extra);
          return [topic, partitions.sort((a, b) => a - b).slice(start, start + each + (at < extra ? 1 : 0))];
        });
        return {
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 0,
            assignment: Object.fromEntries(assignment),
            userData: Buffer.alloc(0),
          }),
        };
      });
    },
    protocol({ topics }) {
      const metadata = AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) });
      return { name: 'range', metadata };
    },
  };
}
