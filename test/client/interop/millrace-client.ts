// Our own client, in this process, with the words of the others (foreign-clients.ts).

import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, Producer, type ConsumerRecord } from '@millrace/client';
import type { GroupMember, InteropClient, TransactionStep } from './foreign-clients.ts';
import { readLine, type WrittenRecord } from './record-lines.ts';

export const millraceClient: InteropClient = { name: 'Millrace', write, read, readCommitted, transact, join };

async function write(bootstrap: string, topic: string, records: readonly WrittenRecord[]): Promise<void> {
  for (const [codec, some] of Map.groupBy(records, (record) => record.codec)) {
    await using producer = new Producer({
      'bootstrap.servers': bootstrap,
      'compression.type': codec,
      'max.request.size': 4_000_000,
    });
    await producer.send(
      some.map(({ partition, timestamp, key, value, headers }) => ({
        topic,
        timestamp,
        key,
        value,
        headers,
        ...(partition !== undefined && { partition }),
      })),
    );
  }
}

async function read(bootstrap: string, topic: string): Promise<string[]> {
  await using consumer = new Consumer({ 'bootstrap.servers': bootstrap, 'auto.offset.reset': 'earliest' });
  const partitions = (await consumer.partitionsFor(topic)).map(({ partition }) => ({ topic, partition }));
  await consumer.assign(partitions);
  const ends = new Map((await consumer.endOffsets(partitions)).map(({ partition, offset }) => [partition, offset]));
  for (const [partition, end] of ends) if (end === 0n) ends.delete(partition);
  const lines: string[] = [];
  for await (const batch of consumer.batches()) {
    for (const record of batch) lines.push(lineOf(record));
    if (batch.nextOffset >= (ends.get(batch.partition) ?? 0n)) ends.delete(batch.partition);
    if (ends.size === 0) break;
  }
  return lines;
}

/** What the last transactions have left behind is not given to anybody: it is over when the positions say so. */
async function readCommitted(bootstrap: string, topic: string): Promise<string[]> {
  await using consumer = new Consumer({
    'bootstrap.servers': bootstrap,
    'auto.offset.reset': 'earliest',
    'isolation.level': 'read_committed',
  });
  const partitions = (await consumer.partitionsFor(topic)).map(({ partition }) => ({ topic, partition }));
  await consumer.assign(partitions);
  const lines: string[] = [];
  const stop = new AbortController();
  const reading = consumer.run({ eachRecord: (record) => void lines.push(lineOf(record)), signal: stop.signal });
  for (const { offset, ...partition } of await consumer.endOffsets(partitions)) {
    while ((await consumer.position(partition)) < offset) await sleep(10);
  }
  stop.abort();
  await reading;
  return lines;
}

async function transact(
  bootstrap: string,
  topic: string,
  name: string,
  steps: readonly TransactionStep[],
): Promise<void> {
  await using producer = new Producer({ 'bootstrap.servers': bootstrap, 'transactional.id': name });
  await producer.initTransactions();
  producer.beginTransaction();
  for (const step of steps) {
    if (step === 'commit') await producer.commitTransaction();
    else if (step === 'abort') await producer.abortTransaction();
    else {
      producer.produce({ topic, partition: step.partition, value: step.value });
      continue;
    }
    producer.beginTransaction();
  }
  await producer.abortTransaction();
}

function lineOf({ partition, offset, timestamp, key, value, headers }: ConsumerRecord): string {
  const copied = headers.map((header) => ({
    key: header.key,
    value: header.value === null ? null : Buffer.from(header.value),
  }));
  return readLine(partition, offset, { timestamp, key, value, headers: copied });
}

function join(bootstrap: string, group: string, topic: string, settings: Record<string, string> = {}): GroupMember {
  const owned = new Set<number>();
  const read = new Set<string>();
  const numbers = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, key.endsWith('.ms') ? Number(value) : value]),
  );
  const consumer = new Consumer({
    'bootstrap.servers': bootstrap,
    'group.id': group,
    'auto.offset.reset': 'earliest',
    'fetch.max.wait.ms': 50,
    'auto.commit.interval.ms': 200,
    ...numbers,
    onPartitionsAssigned: (partitions) => partitions.forEach(({ partition }) => owned.add(partition)),
    onPartitionsRevoked: (partitions) => partitions.forEach(({ partition }) => owned.delete(partition)),
    onPartitionsLost: (partitions) => partitions.forEach(({ partition }) => owned.delete(partition)),
  });
  consumer.subscribe([topic]);
  const running = consumer.run({ eachRecord: ({ partition, offset }) => void read.add(`${partition}@${offset}`) });
  const leave = async () => {
    await consumer.close();
    await running;
    owned.clear();
  };
  return { name: 'Millrace', owned, read, leave, [Symbol.asyncDispose]: leave };
}
