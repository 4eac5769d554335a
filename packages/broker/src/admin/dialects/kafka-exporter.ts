/** Names of kafka_exporter, which asks a cluster from outside: topics, offsets, and how far groups have read. */
import type { Names } from '../measure.ts';
import { groupMeasures as groups } from '../measures/groups.ts';
import { nodeMeasures as node } from '../measures/node.ts';
import { partitionMeasures as partitions } from '../measures/partitions.ts';
import { topicMeasures as topics } from '../measures/topics.ts';

export const kafkaExporter: Names = {
  kafka_brokers: node.brokers,
  kafka_broker_info: node.brokerAddress,
  kafka_topic_partitions: topics.partitions,
  kafka_topic_partition_current_offset: partitions.highWatermark,
  kafka_topic_partition_oldest_offset: partitions.startOffset,
  kafka_topic_partition_in_sync_replica: partitions.inSyncReplicas,
  kafka_topic_partition_leader: partitions.leader,
  kafka_topic_partition_leader_is_preferred: partitions.leaderIsPreferred,
  kafka_topic_partition_replicas: partitions.replicas,
  kafka_topic_partition_under_replicated_partition: partitions.underReplicated,
  kafka_consumergroup_current_offset: groups.offset,
  kafka_consumergroup_current_offset_sum: groups.offsetSum,
  kafka_consumergroup_lag: groups.lag,
  kafka_consumergroup_lag_sum: groups.lagSum,
  kafka_consumergroup_members: groups.members,
};
