/**
 * A data directory that Apache Kafka wrote has its topics in Kafka's own metadata log, which is not read here: the topics are found
 * through their partition folders, each of which names its topic's id.
 */
import type { Logger } from '@millrace/base';
import type { LogDirectory } from '@millrace/log';

import { MetadataLog } from './metadata-log.ts';
import type { MetadataRecord } from './record.ts';

const kafkaMetadataTopic = '__cluster_metadata';

interface FoundTopic {
  readonly id: string;
  partitionCount: number;
}

/** Records that make the found topics known. A topic counts as many partitions as its highest folder says. */
export function adoptFolders(
  directories: readonly LogDirectory[],
  newTopicId: () => string,
  log: Logger,
): MetadataRecord[] {
  const topics = new Map<string, FoundTopic>();
  for (const directory of directories) {
    for (const { topic, partition, topicId } of directory.folders()) {
      if (topic === kafkaMetadataTopic || MetadataLog.isMetadataTopic(topic)) continue;
      const found = topics.get(topic) ?? { id: topicId ?? newTopicId(), partitionCount: 0 };
      found.partitionCount = Math.max(found.partitionCount, partition + 1);
      topics.set(topic, found);
    }
  }
  if (topics.size > 0) log.info({ topics: topics.size }, 'took over the topics whose partition folders were found');
  const records: MetadataRecord[] = [];
  for (const [name, { id, partitionCount }] of topics) {
    records.push({ type: 'TopicRecord', name, topicId: id });
    for (let partitionId = 0; partitionId < partitionCount; partitionId++) {
      records.push({ type: 'PartitionRecord', topicId: id, partitionId, leaderEpoch: 0, partitionEpoch: 0 });
    }
  }
  return records;
}
