export { Admin, type AdminMetrics, type AdminOptions } from './admin/admin.ts';
export { settled } from './admin/errand.ts';
export type * from './admin/types.ts';
export { nodeClientHost, type ClientHost } from './client-host.ts';
export {
  Cluster,
  type ClientConfig,
  type ClusterOptions,
  type RequestOptions,
  type Target,
} from './cluster/cluster.ts';
export type { BrokerNode, PartitionMetadata, TopicMetadata } from './cluster/topic-metadata.ts';
export type { RebalanceCallbacks } from './consumer/assignment.ts';
export type { CommitCallback } from './consumer/committer.ts';
export {
  Consumer,
  type BatchOptions,
  type CallOptions,
  type CloseOptions,
  type OffsetAtTime,
  type ReadOptions,
  type RunOptions,
  type SubscribeTo,
} from './consumer/consumer.ts';
export { consumerKeys } from './consumer/consumer-keys.ts';
export type { ConsumerMetrics } from './consumer/consumer-metrics.ts';
export type { ConsumerOptions } from './consumer/consumer-options.ts';
export type {
  AssignableGroup,
  AssignableMember,
  AssignableTopic,
  Assignor,
  MemberAssignment,
  RebalanceProtocol,
} from './consumer/group/assignors/assignor.ts';
export { rangeAssignor } from './consumer/group/assignors/range.ts';
export { roundRobinAssignor } from './consumer/group/assignors/round-robin.ts';
export { cooperativeStickyAssignor, stickyAssignor } from './consumer/group/assignors/sticky.ts';
export type { GroupMetadata, Membership, PartitionOwner, Subscription } from './consumer/group/membership.ts';
export type { ListedOffset, OffsetQuery } from './consumer/offsets/listed-offsets.ts';
export type { PartitionDescription } from './consumer/partition-descriptions.ts';
export type { ConsumedMessage } from './consumer/reading/consume-channel.ts';
export type { ConsumedRecord, ConsumerRecord, TimestampType } from './consumer/reading/consumer-record.ts';
export type { PartitionStream } from './consumer/reading/partition-streams.ts';
export type { RecordBatch } from './consumer/reading/record-batch.ts';
export type { HandlerContext } from './consumer/reading/runner.ts';
export { ClientError, isClientError, type ClientErrorCode, type OwnErrorCode } from './error.ts';
export { clientMetrics } from './metrics/client-metrics.ts';
export type { Metric, MetricRegistry } from './metrics/metric-registry.ts';
export { clientKeys } from './options/client-keys.ts';
export { clientOptions } from './options/client-options.ts';
export { readOptions, type OptionsOf } from './options/read-options.ts';
export type { OauthBearerToken } from './security/oauth-bearer.ts';
export type { SaslExchange, SaslMechanism } from './security/sasl-mechanism.ts';
export { type SaslCredentials, securityOptionNames, type SecurityOptions } from './security/security-options.ts';
export { Producer, type ProducerOptions, type WaitOptions } from './producer/producer.ts';
export type { InterceptedRecord, ProducerInterceptor } from './producer/interceptors.ts';
export { murmur2, partitionOfKey } from './producer/murmur2.ts';
export { roundRobin, type Partitioner } from './producer/partitioner.ts';
export { producerKeys } from './producer/producer-keys.ts';
export type { ProducerMetrics } from './producer/producer-metrics.ts';
export type { PlainRecord, ProducerRecord, RecordOf } from './producer/producer-record.ts';
export type { RecordMetadata } from './producer/record-metadata.ts';
export type { SendCallback } from './producer/waiters.ts';
export {
  partitionKey,
  type Header,
  type HeadersInput,
  type OffsetAndMetadata,
  type TopicPartition,
  type TopicPartitionOffset,
} from './record.ts';
export { json, type StandardSchema } from './serdes/json.ts';
export type { ReadOf, Serde, SerdePlace, SerdesOf, TopicSerdes, TopicSerdesMap, WrittenOf } from './serdes/serde.ts';
export { bytes, doubles, floats, int32s, int64s, strings, uuids } from './serdes/serdes.ts';
export type {
  AcknowledgeType,
  AcknowledgementCallback,
  AcknowledgementResult,
  AcknowledgedRange,
} from './share/acknowledgement.ts';
export type { SharedRecord, ShareRecord } from './share/held-record.ts';
export type { ShareBatch } from './share/share-batch.ts';
export { type Acknowledgeable, ShareConsumer, type ShareRunOptions } from './share/share-consumer.ts';
export type { ProcessedMessage, SettledMessage } from './share/share-channel.ts';
export { shareKeys } from './share/share-keys.ts';
export type { ShareConsumerMetrics } from './share/share-metrics.ts';
export type { ShareConsumerOptions } from './share/share-options.ts';
