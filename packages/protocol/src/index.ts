export * from './schema.ts';
export {
  apis,
  apiByKey,
  type ApiName,
  type Apis,
  type Request,
  type RequestInput,
  type Response,
  type ResponseInput,
} from './apis.ts';
export { apiWithExactOffsets, type ExactRequestInput, type ExactResponse } from './exact-offsets.ts';
export type { ProduceRequest, ProduceResponse } from './apis/produce.ts';
export type { FetchRequest, FetchResponse } from './apis/fetch.ts';
export type { ListOffsetsRequest, ListOffsetsResponse } from './apis/list-offsets.ts';
export type { MetadataRequest, MetadataResponse } from './apis/metadata.ts';
export type { OffsetCommitRequest, OffsetCommitResponse } from './apis/offset-commit.ts';
export type { OffsetFetchRequest, OffsetFetchResponse } from './apis/offset-fetch.ts';
export type { FindCoordinatorRequest, FindCoordinatorResponse } from './apis/find-coordinator.ts';
export type { JoinGroupRequest, JoinGroupResponse } from './apis/join-group.ts';
export type { HeartbeatRequest, HeartbeatResponse } from './apis/heartbeat.ts';
export type { LeaveGroupRequest, LeaveGroupResponse } from './apis/leave-group.ts';
export type { SyncGroupRequest, SyncGroupResponse } from './apis/sync-group.ts';
export type { DescribeGroupsRequest, DescribeGroupsResponse } from './apis/describe-groups.ts';
export type { ListGroupsRequest, ListGroupsResponse } from './apis/list-groups.ts';
export type { SaslHandshakeRequest, SaslHandshakeResponse } from './apis/sasl-handshake.ts';
export type { ApiVersionsRequest, ApiVersionsResponse } from './apis/api-versions.ts';
export type { CreateTopicsRequest, CreateTopicsResponse } from './apis/create-topics.ts';
export type { DeleteTopicsRequest, DeleteTopicsResponse } from './apis/delete-topics.ts';
export type { DeleteRecordsRequest, DeleteRecordsResponse } from './apis/delete-records.ts';
export type { InitProducerIdRequest, InitProducerIdResponse } from './apis/init-producer-id.ts';
export type { OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from './apis/offset-for-leader-epoch.ts';
export type { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from './apis/add-partitions-to-txn.ts';
export type { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from './apis/add-offsets-to-txn.ts';
export type { EndTxnRequest, EndTxnResponse } from './apis/end-txn.ts';
export type { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from './apis/write-txn-markers.ts';
export type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from './apis/txn-offset-commit.ts';
export type { DescribeAclsRequest, DescribeAclsResponse } from './apis/describe-acls.ts';
export type { CreateAclsRequest, CreateAclsResponse } from './apis/create-acls.ts';
export type { DeleteAclsRequest, DeleteAclsResponse } from './apis/delete-acls.ts';
export type { DescribeConfigsRequest, DescribeConfigsResponse } from './apis/describe-configs.ts';
export type { AlterConfigsRequest, AlterConfigsResponse } from './apis/alter-configs.ts';
export type { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse } from './apis/alter-replica-log-dirs.ts';
export type { DescribeLogDirsRequest, DescribeLogDirsResponse } from './apis/describe-log-dirs.ts';
export type { SaslAuthenticateRequest, SaslAuthenticateResponse } from './apis/sasl-authenticate.ts';
export type { CreatePartitionsRequest, CreatePartitionsResponse } from './apis/create-partitions.ts';
export type { CreateDelegationTokenRequest, CreateDelegationTokenResponse } from './apis/create-delegation-token.ts';
export type { RenewDelegationTokenRequest, RenewDelegationTokenResponse } from './apis/renew-delegation-token.ts';
export type { ExpireDelegationTokenRequest, ExpireDelegationTokenResponse } from './apis/expire-delegation-token.ts';
export type {
  DescribeDelegationTokenRequest,
  DescribeDelegationTokenResponse,
} from './apis/describe-delegation-token.ts';
export type { DeleteGroupsRequest, DeleteGroupsResponse } from './apis/delete-groups.ts';
export type { ElectLeadersRequest, ElectLeadersResponse } from './apis/elect-leaders.ts';
export type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from './apis/incremental-alter-configs.ts';
export type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from './apis/alter-partition-reassignments.ts';
export type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from './apis/list-partition-reassignments.ts';
export type { OffsetDeleteRequest, OffsetDeleteResponse } from './apis/offset-delete.ts';
export type { DescribeClientQuotasRequest, DescribeClientQuotasResponse } from './apis/describe-client-quotas.ts';
export type { AlterClientQuotasRequest, AlterClientQuotasResponse } from './apis/alter-client-quotas.ts';
export type {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from './apis/describe-user-scram-credentials.ts';
export type {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from './apis/alter-user-scram-credentials.ts';
export type { VoteRequest, VoteResponse } from './apis/vote.ts';
export type { BeginQuorumEpochRequest, BeginQuorumEpochResponse } from './apis/begin-quorum-epoch.ts';
export type { EndQuorumEpochRequest, EndQuorumEpochResponse } from './apis/end-quorum-epoch.ts';
export type { DescribeQuorumRequest, DescribeQuorumResponse } from './apis/describe-quorum.ts';
export type { AlterPartitionRequest, AlterPartitionResponse } from './apis/alter-partition.ts';
export type { UpdateFeaturesRequest, UpdateFeaturesResponse } from './apis/update-features.ts';
export type { EnvelopeRequest, EnvelopeResponse } from './apis/envelope.ts';
export type { FetchSnapshotRequest, FetchSnapshotResponse } from './apis/fetch-snapshot.ts';
export type { DescribeClusterRequest, DescribeClusterResponse } from './apis/describe-cluster.ts';
export type { DescribeProducersRequest, DescribeProducersResponse } from './apis/describe-producers.ts';
export type { BrokerRegistrationRequest, BrokerRegistrationResponse } from './apis/broker-registration.ts';
export type { BrokerHeartbeatRequest, BrokerHeartbeatResponse } from './apis/broker-heartbeat.ts';
export type { UnregisterBrokerRequest, UnregisterBrokerResponse } from './apis/unregister-broker.ts';
export type { DescribeTransactionsRequest, DescribeTransactionsResponse } from './apis/describe-transactions.ts';
export type { ListTransactionsRequest, ListTransactionsResponse } from './apis/list-transactions.ts';
export type { AllocateProducerIdsRequest, AllocateProducerIdsResponse } from './apis/allocate-producer-ids.ts';
export type { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from './apis/consumer-group-heartbeat.ts';
export type { ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse } from './apis/consumer-group-describe.ts';
export type { ControllerRegistrationRequest, ControllerRegistrationResponse } from './apis/controller-registration.ts';
export type {
  GetTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse,
} from './apis/get-telemetry-subscriptions.ts';
export type { PushTelemetryRequest, PushTelemetryResponse } from './apis/push-telemetry.ts';
export type { AssignReplicasToDirsRequest, AssignReplicasToDirsResponse } from './apis/assign-replicas-to-dirs.ts';
export type { ListConfigResourcesRequest, ListConfigResourcesResponse } from './apis/list-config-resources.ts';
export type {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from './apis/describe-topic-partitions.ts';
export type { ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse } from './apis/share-group-heartbeat.ts';
export type { ShareGroupDescribeRequest, ShareGroupDescribeResponse } from './apis/share-group-describe.ts';
export type { ShareFetchRequest, ShareFetchResponse } from './apis/share-fetch.ts';
export type { ShareAcknowledgeRequest, ShareAcknowledgeResponse } from './apis/share-acknowledge.ts';
export type { AddRaftVoterRequest, AddRaftVoterResponse } from './apis/add-raft-voter.ts';
export type { RemoveRaftVoterRequest, RemoveRaftVoterResponse } from './apis/remove-raft-voter.ts';
export type { UpdateRaftVoterRequest, UpdateRaftVoterResponse } from './apis/update-raft-voter.ts';
export type {
  InitializeShareGroupStateRequest,
  InitializeShareGroupStateResponse,
} from './apis/initialize-share-group-state.ts';
export type { ReadShareGroupStateRequest, ReadShareGroupStateResponse } from './apis/read-share-group-state.ts';
export type { WriteShareGroupStateRequest, WriteShareGroupStateResponse } from './apis/write-share-group-state.ts';
export type { DeleteShareGroupStateRequest, DeleteShareGroupStateResponse } from './apis/delete-share-group-state.ts';
export type {
  ReadShareGroupStateSummaryRequest,
  ReadShareGroupStateSummaryResponse,
} from './apis/read-share-group-state-summary.ts';
export type { StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse } from './apis/streams-group-heartbeat.ts';
export type { StreamsGroupDescribeRequest, StreamsGroupDescribeResponse } from './apis/streams-group-describe.ts';
export type {
  DescribeShareGroupOffsetsRequest,
  DescribeShareGroupOffsetsResponse,
} from './apis/describe-share-group-offsets.ts';
export type {
  AlterShareGroupOffsetsRequest,
  AlterShareGroupOffsetsResponse,
} from './apis/alter-share-group-offsets.ts';
export type {
  DeleteShareGroupOffsetsRequest,
  DeleteShareGroupOffsetsResponse,
} from './apis/delete-share-group-offsets.ts';
export type {
  StreamsGroupTopologyDescriptionUpdateRequest,
  StreamsGroupTopologyDescriptionUpdateResponse,
} from './apis/streams-group-topology-description-update.ts';
export type { UnregisterControllerRequest, UnregisterControllerResponse } from './apis/unregister-controller.ts';
export {
  errorKind,
  errorName,
  errors,
  errorText,
  isKafkaError,
  isRetriable,
  KafkaError,
  type ErrorName,
} from './errors.ts';
export type { ErrorKind } from './error-texts.ts';
export { DecodeError, EncodeError } from './codec-error.ts';
export { decode, decodeWhole, encode, write } from './codec.ts';
export {
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  writeRequest,
  writeResponse,
  type RequestHeader,
  type ResponseFrame,
} from './frame.ts';
export { Writer } from './writer.ts';
export { consumerProtocolAssignment, consumerProtocolSubscription } from './consumer-protocol.ts';
export { defaultPrincipal } from './principal.ts';
export { decodeVersioned, encodeVersioned } from './versioned.ts';
export {
  decodeCoordinatorRecord,
  encodeCoordinatorKey,
  encodeCoordinatorValue,
  type CoordinatorRecord,
  type DecodedRecordOf,
  type KeyInputOf,
  type ValueInputOf,
} from './state-records/coordinator-record.ts';
export { decodeGroupRecord, groupRecords, type GroupRecord } from './state-records/group-records.ts';
export { abortedTxn, transactionLogRecord } from './state-records/transaction-records.ts';
export { shareSnapshotRecord, shareUpdateRecord } from './state-records/share-state-records.ts';
export { encodeMetadataRecord, type MetadataInputOf, type MetadataRecord } from './state-records/metadata-record.ts';
export { decodeMetadataRecord, metadataRecords, type DecodedMetadata } from './state-records/metadata-records.ts';
export {
  controlRecordType,
  endTxnMarker,
  kraftVersionRecord,
  leaderChangeMessage,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  votersRecord,
} from './state-records/control-records.ts';

export { checksumOf, crc32c } from './crc32c.ts';
export { CompressionError, type CompressionFault } from './compression/compression-error.ts';
export {
  codec,
  codecNamed,
  codecs,
  compress,
  decompress,
  type Codec,
  type CompressionName,
} from './compression/compression.ts';
export * as batchHeader from './records/batch-header.ts';
export { type BatchError, type BatchFault, type RecordFault } from './records/batch-fault.ts';
export { decodeControlRecord, encodeEndMarker, type ControlRecord, type EndMarker } from './records/control-record.ts';
export { BatchRecord, decodeBatch, recordsOf, type RecordHeader } from './records/decode-batch.ts';
export { encodeBatch, type BatchInput, type HeaderInput, type RecordInput } from './records/encode-batch.ts';
export * as messageHeader from './records/message-header.ts';
export { MessageSet, type MessageSetRules } from './records/message-set.ts';
export { batchBytesAt, splitBatches, type BatchSpan, type SplitBatches } from './records/split-batches.ts';
export {
  recompress,
  sealBatch,
  stampCreateTime,
  stampLogAppendTime,
  stampMaxTimestamp,
} from './records/stamp-batch.ts';
export {
  validateBatch,
  type BatchRules,
  type BatchSource,
  type BatchVerdict,
  type ValidBatch,
} from './records/validate-batch.ts';
export { allMessages } from './all-messages.ts';
