/** Records: deleted up to an offset. */
import { errors } from '@millrace/protocol';

import { isStaleMetadata, protocolError } from '../broker-errors.ts';
import {
  KafkaJSBrokerNotFound,
  KafkaJSDeleteTopicRecordsError,
  type KafkaJSDeleteTopicRecordsErrorPartition,
} from '../errors.ts';
import { retrier } from '../retry.ts';
import type { Admin, SeekEntry } from '../types/admin.ts';
import type { AdminParts } from './admin.ts';
import { checkName, wrong } from './checks.ts';

const timeoutMs = 5000;

export function recordCalls(
  parts: AdminParts,
  fetchTopicOffsets: Admin['fetchTopicOffsets'],
): Pick<Admin, 'deleteTopicRecords'> {
  return {
    deleteTopicRecords: async ({ topic, partitions }) => {
      checkName('topic', topic);
      if (!partitions || partitions.length === 0) wrong('"partitions" is empty.');
      warnOfEarly(parts, topic, partitions, await fetchTopicOffsets(topic));
      checkLeaders(parts, topic, partitions);
      const left = new Map(partitions.map((entry) => [entry.partition, entry]));
      await retrier(parts.retry)(async () => await deleteLeft(parts, topic, left));
    },
  };
}

function warnOfEarly(
  { logger }: AdminParts,
  topic: string,
  partitions: readonly SeekEntry[],
  offsets: Awaited<ReturnType<Admin['fetchTopicOffsets']>>,
): void {
  for (const { partition, offset } of partitions) {
    const low = offsets.find((known) => known.partition === partition)?.low;
    if (low === undefined || BigInt(offset) === -1n || BigInt(offset) >= BigInt(low)) continue;
    logger.warn('No records are deleted: the log begins behind that offset', { topic, partition, offset });
  }
}

function checkLeaders({ cluster }: AdminParts, topic: string, partitions: readonly SeekEntry[]): void {
  const lost = partitions.filter(({ partition }) => (cluster.leaderOf(topic, partition) ?? -1) < 0);
  if (lost.length === 0) return;
  const failures = lost.map(({ partition, offset }) => ({
    partition,
    offset,
    error: new KafkaJSBrokerNotFound(`Partition ${partition} of "${topic}" has no leader.`, { retriable: false }),
  }));
  throw new KafkaJSDeleteTopicRecordsError({ topic, partitions: failures });
}

/** What was done is not asked for again. */
async function deleteLeft({ cluster }: AdminParts, topic: string, left: Map<number, SeekEntry>): Promise<void> {
  const failures: KafkaJSDeleteTopicRecordsErrorPartition[] = [];
  const byLeader = cluster.findLeaderForPartitions(topic, [...left.keys()]);
  await Promise.all(
    Object.entries(byLeader).map(async ([leader, indexes]) => {
      const partitions = indexes.map((partitionIndex) => ({
        partitionIndex,
        offset: BigInt(left.get(partitionIndex)!.offset),
      }));
      const answer = await cluster.request(Number(leader), 'deleteRecords', {
        topics: [{ name: topic, partitions }],
        timeoutMs,
      });
      for (const { partitionIndex: partition, errorCode } of answer.topics.flatMap(({ partitions }) => partitions)) {
        if (errorCode === errors.NONE) left.delete(partition);
        else failures.push({ partition, offset: left.get(partition)!.offset, error: protocolError(errorCode) });
      }
    }),
  );
  if (failures.length === 0) return;
  if (failures.some(({ error }) => isStaleMetadata(error))) await cluster.refreshMetadata();
  throw new KafkaJSDeleteTopicRecordsError({ topic, partitions: failures });
}
