/** A topic with records in it, for tests of what reads. */
import { Admin, Consumer, type ConsumerOptions, Producer, type TopicPartition } from '@millrace/client';

import { type Target, uniqueName } from './target.ts';

export interface StagedTopic {
  readonly topic: string;
  readonly partitions: readonly TopicPartition[];
}

export async function stageTopic(target: Target, partitionCount = 1, topic = uniqueName('read')): Promise<StagedTopic> {
  await using admin = new Admin({ 'bootstrap.servers': target.bootstrap });
  await admin.createTopics([{ name: topic, numPartitions: partitionCount, replicationFactor: target.brokers }]);
  return { topic, partitions: Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })) };
}

/** Writes `v0`, `v1`, … to one partition, with timestamps `from`, `from + 1`, …. */
export async function write(
  target: Target,
  { topic, partition }: TopicPartition,
  count: number,
  {
    from = Date.now(),
    first = 0,
    ...options
  }: { from?: number; first?: number; 'compression.type'?: 'gzip' | 'zstd' } = {},
): Promise<void> {
  await using producer = new Producer({ 'bootstrap.servers': target.bootstrap, ...options });
  const sent: Promise<unknown>[] = [];
  for (let index = 0; index < count; index++)
    sent.push(producer.send({ topic, partition, value: `v${first + index}`, timestamp: from + index }));
  await Promise.all(sent);
}

export const consumerOf = (target: Target, options: Partial<ConsumerOptions> = {}): Consumer =>
  new Consumer({
    'bootstrap.servers': target.bootstrap,
    'auto.offset.reset': 'earliest',
    'fetch.max.wait.ms': 100,
    ...options,
  });

/** The next `count` values. */
export async function take(consumer: Consumer, count: number): Promise<string[]> {
  const values: string[] = [];
  if (count === 0) return values;
  for await (const { value } of consumer) {
    values.push(value?.toString() ?? 'null');
    if (values.length === count) break;
  }
  return values;
}

export const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `v${from + index}`);
