// The declarations of kafkajs and of the door, each in the place of the other. The compiler does the proving; what runs shows that all names
// are there, here and in the package.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import type * as door from '@millrace/kafkajs';
import * as ours from '@millrace/kafkajs';
import type * as real from 'kafkajs';
import theirs from 'kafkajs';

/** Given only where each of the two may stand for the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? 'same' : 'ours is narrower') : 'ours is wider';

interface Types {
  readonly Acl: Same<real.Acl, door.Acl>;
  readonly AclEntry: Same<real.AclEntry, door.AclEntry>;
  readonly AclFilter: Same<real.AclFilter, door.AclFilter>;
  readonly AclOperationTypes: Same<real.AclOperationTypes, door.AclOperationTypes>;
  readonly AclPermissionTypes: Same<real.AclPermissionTypes, door.AclPermissionTypes>;
  readonly AclResource: Same<real.AclResource, door.AclResource>;
  readonly AclResourceTypes: Same<real.AclResourceTypes, door.AclResourceTypes>;
  readonly Admin: Same<real.Admin, door.Admin>;
  readonly AdminConfig: Same<real.AdminConfig, door.AdminConfig>;
  readonly AdminEvents: Same<real.AdminEvents, door.AdminEvents>;
  readonly ApiVersions: Same<real.ApiVersions, door.ApiVersions>;
  readonly Assigner: Same<real.Assigner, door.Assigner>;
  readonly Assignment: Same<real.Assignment, door.Assignment>;
  readonly AuthenticationProviderArgs: Same<real.AuthenticationProviderArgs, door.AuthenticationProviderArgs>;
  readonly Authenticator: Same<real.Authenticator, door.Authenticator>;
  readonly Batch: Same<real.Batch, door.Batch>;
  readonly Broker: Same<real.Broker, door.Broker>;
  readonly BrokerMetadata: Same<real.BrokerMetadata, door.BrokerMetadata>;
  readonly BrokersFunction: Same<real.BrokersFunction, door.BrokersFunction>;
  readonly Cluster: Same<real.Cluster, door.Cluster>;
  readonly CompressionTypes: Same<real.CompressionTypes, door.CompressionTypes>;
  readonly ConfigEntries: Same<real.ConfigEntries, door.ConfigEntries>;
  readonly ConfigResourceTypes: Same<real.ConfigResourceTypes, door.ConfigResourceTypes>;
  readonly ConfigSource: Same<real.ConfigSource, door.ConfigSource>;
  readonly ConfigSynonyms: Same<real.ConfigSynonyms, door.ConfigSynonyms>;
  readonly ConnectEvent: Same<real.ConnectEvent, door.ConnectEvent>;
  readonly Consumer: Same<real.Consumer, door.Consumer>;
  readonly ConsumerCommitOffsetsEvent: Same<real.ConsumerCommitOffsetsEvent, door.ConsumerCommitOffsetsEvent>;
  readonly ConsumerConfig: Same<real.ConsumerConfig, door.ConsumerConfig>;
  readonly ConsumerCrashEvent: Same<real.ConsumerCrashEvent, door.ConsumerCrashEvent>;
  readonly ConsumerEachBatchPayload: Same<real.ConsumerEachBatchPayload, door.ConsumerEachBatchPayload>;
  readonly ConsumerEachMessagePayload: Same<real.ConsumerEachMessagePayload, door.ConsumerEachMessagePayload>;
  readonly ConsumerEndBatchProcessEvent: Same<real.ConsumerEndBatchProcessEvent, door.ConsumerEndBatchProcessEvent>;
  readonly ConsumerEvents: Same<real.ConsumerEvents, door.ConsumerEvents>;
  readonly ConsumerFetchEvent: Same<real.ConsumerFetchEvent, door.ConsumerFetchEvent>;
  readonly ConsumerFetchStartEvent: Same<real.ConsumerFetchStartEvent, door.ConsumerFetchStartEvent>;
  readonly ConsumerGroup: Same<real.ConsumerGroup, door.ConsumerGroup>;
  readonly ConsumerGroupJoinEvent: Same<real.ConsumerGroupJoinEvent, door.ConsumerGroupJoinEvent>;
  readonly ConsumerGroupState: Same<real.ConsumerGroupState, door.ConsumerGroupState>;
  readonly ConsumerHeartbeatEvent: Same<real.ConsumerHeartbeatEvent, door.ConsumerHeartbeatEvent>;
  readonly ConsumerRebalancingEvent: Same<real.ConsumerRebalancingEvent, door.ConsumerRebalancingEvent>;
  readonly ConsumerReceivedUnsubcribedTopicsEvent: Same<
    real.ConsumerReceivedUnsubcribedTopicsEvent,
    door.ConsumerReceivedUnsubcribedTopicsEvent
  >;
  readonly ConsumerRunConfig: Same<real.ConsumerRunConfig, door.ConsumerRunConfig>;
  readonly ConsumerStartBatchProcessEvent: Same<
    real.ConsumerStartBatchProcessEvent,
    door.ConsumerStartBatchProcessEvent
  >;
  readonly ConsumerSubscribeTopic: Same<real.ConsumerSubscribeTopic, door.ConsumerSubscribeTopic>;
  readonly ConsumerSubscribeTopics: Same<real.ConsumerSubscribeTopics, door.ConsumerSubscribeTopics>;
  readonly CoordinatorMetadata: Same<real.CoordinatorMetadata, door.CoordinatorMetadata>;
  readonly DefaultPartitioner: Same<real.DefaultPartitioner, door.DefaultPartitioner>;
  readonly DeleteAclFilterResponses: Same<real.DeleteAclFilterResponses, door.DeleteAclFilterResponses>;
  readonly DeleteAclResponse: Same<real.DeleteAclResponse, door.DeleteAclResponse>;
  readonly DeleteGroupsResult: Same<real.DeleteGroupsResult, door.DeleteGroupsResult>;
  readonly DescribeAclResource: Same<real.DescribeAclResource, door.DescribeAclResource>;
  readonly DescribeAclResponse: Same<real.DescribeAclResponse, door.DescribeAclResponse>;
  readonly DescribeConfigResponse: Same<real.DescribeConfigResponse, door.DescribeConfigResponse>;
  readonly DisconnectEvent: Same<real.DisconnectEvent, door.DisconnectEvent>;
  readonly EachBatchHandler: Same<real.EachBatchHandler, door.EachBatchHandler>;
  readonly EachBatchPayload: Same<real.EachBatchPayload, door.EachBatchPayload>;
  readonly EachMessageHandler: Same<real.EachMessageHandler, door.EachMessageHandler>;
  readonly EachMessagePayload: Same<real.EachMessagePayload, door.EachMessagePayload>;
  readonly FetchOffsetsPartition: Same<real.FetchOffsetsPartition, door.FetchOffsetsPartition>;
  readonly GroupDescription: Same<real.GroupDescription, door.GroupDescription>;
  readonly GroupDescriptions: Same<real.GroupDescriptions, door.GroupDescriptions>;
  readonly GroupMember: Same<real.GroupMember, door.GroupMember>;
  readonly GroupMemberAssignment: Same<real.GroupMemberAssignment, door.GroupMemberAssignment>;
  readonly GroupOverview: Same<real.GroupOverview, door.GroupOverview>;
  readonly GroupState: Same<real.GroupState, door.GroupState>;
  readonly ICustomPartitioner: Same<real.ICustomPartitioner, door.ICustomPartitioner>;
  readonly IHeaders: Same<real.IHeaders, door.IHeaders>;
  readonly IMemberAssignment: Same<real.IMemberAssignment, door.IMemberAssignment>;
  readonly IResourceConfig: Same<real.IResourceConfig, door.IResourceConfig>;
  readonly IResourceConfigEntry: Same<real.IResourceConfigEntry, door.IResourceConfigEntry>;
  readonly ISerializer: Same<real.ISerializer<string>, door.ISerializer<string>>;
  readonly ISocketFactory: Same<real.ISocketFactory, door.ISocketFactory>;
  readonly ISocketFactoryArgs: Same<real.ISocketFactoryArgs, door.ISocketFactoryArgs>;
  readonly ITopicConfig: Same<real.ITopicConfig, door.ITopicConfig>;
  readonly ITopicMetadata: Same<real.ITopicMetadata, door.ITopicMetadata>;
  readonly ITopicPartitionConfig: Same<real.ITopicPartitionConfig, door.ITopicPartitionConfig>;
  readonly InstrumentationEvent: Same<real.InstrumentationEvent<string>, door.InstrumentationEvent<string>>;
  readonly Kafka: Same<real.Kafka, door.Kafka>;
  readonly KafkaConfig: Same<real.KafkaConfig, door.KafkaConfig>;
  readonly KafkaJSAggregateError: Same<real.KafkaJSAggregateError, door.KafkaJSAggregateError>;
  readonly KafkaJSAlterPartitionReassignmentsError: Same<
    real.KafkaJSAlterPartitionReassignmentsError,
    door.KafkaJSAlterPartitionReassignmentsError
  >;
  readonly KafkaJSBrokerNotFound: Same<real.KafkaJSBrokerNotFound, door.KafkaJSBrokerNotFound>;
  readonly KafkaJSConnectionError: Same<real.KafkaJSConnectionError, door.KafkaJSConnectionError>;
  readonly KafkaJSConnectionErrorMetadata: Same<
    real.KafkaJSConnectionErrorMetadata,
    door.KafkaJSConnectionErrorMetadata
  >;
  readonly KafkaJSDeleteGroupsError: Same<real.KafkaJSDeleteGroupsError, door.KafkaJSDeleteGroupsError>;
  readonly KafkaJSDeleteGroupsErrorGroups: Same<
    real.KafkaJSDeleteGroupsErrorGroups,
    door.KafkaJSDeleteGroupsErrorGroups
  >;
  readonly KafkaJSDeleteTopicRecordsError: Same<
    real.KafkaJSDeleteTopicRecordsError,
    door.KafkaJSDeleteTopicRecordsError
  >;
  readonly KafkaJSDeleteTopicRecordsErrorPartition: Same<
    real.KafkaJSDeleteTopicRecordsErrorPartition,
    door.KafkaJSDeleteTopicRecordsErrorPartition
  >;
  readonly KafkaJSDeleteTopicRecordsErrorTopic: Same<
    real.KafkaJSDeleteTopicRecordsErrorTopic,
    door.KafkaJSDeleteTopicRecordsErrorTopic
  >;
  readonly KafkaJSError: Same<real.KafkaJSError, door.KafkaJSError>;
  readonly KafkaJSErrorMetadata: Same<real.KafkaJSErrorMetadata, door.KafkaJSErrorMetadata>;
  readonly KafkaJSGroupCoordinatorNotFound: Same<
    real.KafkaJSGroupCoordinatorNotFound,
    door.KafkaJSGroupCoordinatorNotFound
  >;
  readonly KafkaJSLockTimeout: Same<real.KafkaJSLockTimeout, door.KafkaJSLockTimeout>;
  readonly KafkaJSMetadataNotLoaded: Same<real.KafkaJSMetadataNotLoaded, door.KafkaJSMetadataNotLoaded>;
  readonly KafkaJSNonRetriableError: Same<real.KafkaJSNonRetriableError, door.KafkaJSNonRetriableError>;
  readonly KafkaJSNotImplemented: Same<real.KafkaJSNotImplemented, door.KafkaJSNotImplemented>;
  readonly KafkaJSNumberOfRetriesExceeded: Same<
    real.KafkaJSNumberOfRetriesExceeded,
    door.KafkaJSNumberOfRetriesExceeded
  >;
  readonly KafkaJSNumberOfRetriesExceededMetadata: Same<
    real.KafkaJSNumberOfRetriesExceededMetadata,
    door.KafkaJSNumberOfRetriesExceededMetadata
  >;
  readonly KafkaJSOffsetOutOfRange: Same<real.KafkaJSOffsetOutOfRange, door.KafkaJSOffsetOutOfRange>;
  readonly KafkaJSOffsetOutOfRangeMetadata: Same<
    real.KafkaJSOffsetOutOfRangeMetadata,
    door.KafkaJSOffsetOutOfRangeMetadata
  >;
  readonly KafkaJSPartialMessageError: Same<real.KafkaJSPartialMessageError, door.KafkaJSPartialMessageError>;
  readonly KafkaJSProtocolError: Same<real.KafkaJSProtocolError, door.KafkaJSProtocolError>;
  readonly KafkaJSRequestTimeoutError: Same<real.KafkaJSRequestTimeoutError, door.KafkaJSRequestTimeoutError>;
  readonly KafkaJSRequestTimeoutErrorMetadata: Same<
    real.KafkaJSRequestTimeoutErrorMetadata,
    door.KafkaJSRequestTimeoutErrorMetadata
  >;
  readonly KafkaJSSASLAuthenticationError: Same<
    real.KafkaJSSASLAuthenticationError,
    door.KafkaJSSASLAuthenticationError
  >;
  readonly KafkaJSServerDoesNotSupportApiKey: Same<
    real.KafkaJSServerDoesNotSupportApiKey,
    door.KafkaJSServerDoesNotSupportApiKey
  >;
  readonly KafkaJSServerDoesNotSupportApiKeyMetadata: Same<
    real.KafkaJSServerDoesNotSupportApiKeyMetadata,
    door.KafkaJSServerDoesNotSupportApiKeyMetadata
  >;
  readonly KafkaJSStaleTopicMetadataAssignment: Same<
    real.KafkaJSStaleTopicMetadataAssignment,
    door.KafkaJSStaleTopicMetadataAssignment
  >;
  readonly KafkaJSStaleTopicMetadataAssignmentMetadata: Same<
    real.KafkaJSStaleTopicMetadataAssignmentMetadata,
    door.KafkaJSStaleTopicMetadataAssignmentMetadata
  >;
  readonly KafkaJSTimeout: Same<real.KafkaJSTimeout, door.KafkaJSTimeout>;
  readonly KafkaJSTopicMetadataNotLoaded: Same<real.KafkaJSTopicMetadataNotLoaded, door.KafkaJSTopicMetadataNotLoaded>;
  readonly KafkaJSTopicMetadataNotLoadedMetadata: Same<
    real.KafkaJSTopicMetadataNotLoadedMetadata,
    door.KafkaJSTopicMetadataNotLoadedMetadata
  >;
  readonly KafkaJSUnsupportedMagicByteInMessageSet: Same<
    real.KafkaJSUnsupportedMagicByteInMessageSet,
    door.KafkaJSUnsupportedMagicByteInMessageSet
  >;
  readonly KafkaMessage: Same<real.KafkaMessage, door.KafkaMessage>;
  readonly LegacyPartitioner: Same<real.LegacyPartitioner, door.LegacyPartitioner>;
  readonly ListPartitionReassignmentsResponse: Same<
    real.ListPartitionReassignmentsResponse,
    door.ListPartitionReassignmentsResponse
  >;
  readonly LogEntry: Same<real.LogEntry, door.LogEntry>;
  readonly Logger: Same<real.Logger, door.Logger>;
  readonly LoggerEntryContent: Same<real.LoggerEntryContent, door.LoggerEntryContent>;
  readonly MatchingAcl: Same<real.MatchingAcl, door.MatchingAcl>;
  readonly Mechanism: Same<real.Mechanism, door.Mechanism>;
  readonly MemberAssignment: Same<real.MemberAssignment, door.MemberAssignment>;
  readonly MemberDescription: Same<real.MemberDescription, door.MemberDescription>;
  readonly MemberMetadata: Same<real.MemberMetadata, door.MemberMetadata>;
  readonly Message: Same<real.Message, door.Message>;
  readonly OauthbearerProviderResponse: Same<real.OauthbearerProviderResponse, door.OauthbearerProviderResponse>;
  readonly Offsets: Same<real.Offsets, door.Offsets>;
  readonly OffsetsByTopicPartition: Same<real.OffsetsByTopicPartition, door.OffsetsByTopicPartition>;
  readonly OngoingPartitionReassignment: Same<real.OngoingPartitionReassignment, door.OngoingPartitionReassignment>;
  readonly OngoingTopicReassignment: Same<real.OngoingTopicReassignment, door.OngoingTopicReassignment>;
  readonly PartitionAssigner: Same<real.PartitionAssigner, door.PartitionAssigner>;
  readonly PartitionMetadata: Same<real.PartitionMetadata, door.PartitionMetadata>;
  readonly PartitionOffset: Same<real.PartitionOffset, door.PartitionOffset>;
  readonly PartitionReassignment: Same<real.PartitionReassignment, door.PartitionReassignment>;
  readonly PartitionerArgs: Same<real.PartitionerArgs, door.PartitionerArgs>;
  readonly Producer: Same<real.Producer, door.Producer>;
  readonly ProducerBatch: Same<real.ProducerBatch, door.ProducerBatch>;
  readonly ProducerConfig: Same<real.ProducerConfig, door.ProducerConfig>;
  readonly ProducerEvents: Same<real.ProducerEvents, door.ProducerEvents>;
  readonly ProducerRecord: Same<real.ProducerRecord, door.ProducerRecord>;
  readonly RecordMetadata: Same<real.RecordMetadata, door.RecordMetadata>;
  readonly RemoveInstrumentationEventListener: Same<
    real.RemoveInstrumentationEventListener<string>,
    door.RemoveInstrumentationEventListener<string>
  >;
  readonly ReplicaAssignment: Same<real.ReplicaAssignment, door.ReplicaAssignment>;
  readonly RequestEvent: Same<real.RequestEvent, door.RequestEvent>;
  readonly RequestQueueSizeEvent: Same<real.RequestQueueSizeEvent, door.RequestQueueSizeEvent>;
  readonly RequestTimeoutEvent: Same<real.RequestTimeoutEvent, door.RequestTimeoutEvent>;
  readonly ResourceConfigQuery: Same<real.ResourceConfigQuery, door.ResourceConfigQuery>;
  readonly ResourcePatternTypes: Same<real.ResourcePatternTypes, door.ResourcePatternTypes>;
  readonly RetryOptions: Same<real.RetryOptions, door.RetryOptions>;
  readonly SASLMechanism: Same<real.SASLMechanism, door.SASLMechanism>;
  readonly SASLOptions: Same<real.SASLOptions, door.SASLOptions>;
  readonly SaslAuthenticateArgs: Same<real.SaslAuthenticateArgs<string>, door.SaslAuthenticateArgs<string>>;
  readonly SeekEntry: Same<real.SeekEntry, door.SeekEntry>;
  readonly TopicMessages: Same<real.TopicMessages, door.TopicMessages>;
  readonly TopicOffsets: Same<real.TopicOffsets, door.TopicOffsets>;
  readonly TopicPartition: Same<real.TopicPartition, door.TopicPartition>;
  readonly TopicPartitionOffset: Same<real.TopicPartitionOffset, door.TopicPartitionOffset>;
  readonly TopicPartitionOffsetAndMetadata: Same<
    real.TopicPartitionOffsetAndMetadata,
    door.TopicPartitionOffsetAndMetadata
  >;
  readonly TopicPartitions: Same<real.TopicPartitions, door.TopicPartitions>;
  readonly Transaction: Same<real.Transaction, door.Transaction>;
  readonly logCreator: Same<real.logCreator, door.logCreator>;
  readonly logLevel: Same<real.logLevel, door.logLevel>;
}

interface Values {
  readonly AclOperationTypes: Same<typeof real.AclOperationTypes, typeof door.AclOperationTypes>;
  readonly AclPermissionTypes: Same<typeof real.AclPermissionTypes, typeof door.AclPermissionTypes>;
  readonly AclResourceTypes: Same<typeof real.AclResourceTypes, typeof door.AclResourceTypes>;
  readonly AssignerProtocol: Same<typeof real.AssignerProtocol, typeof door.AssignerProtocol>;
  readonly CompressionCodecs: Same<typeof real.CompressionCodecs, typeof door.CompressionCodecs>;
  readonly CompressionTypes: Same<typeof real.CompressionTypes, typeof door.CompressionTypes>;
  readonly ConfigResourceTypes: Same<typeof real.ConfigResourceTypes, typeof door.ConfigResourceTypes>;
  readonly ConfigSource: Same<typeof real.ConfigSource, typeof door.ConfigSource>;
  readonly Kafka: Same<typeof real.Kafka, typeof door.Kafka>;
  readonly KafkaJSAggregateError: Same<typeof real.KafkaJSAggregateError, typeof door.KafkaJSAggregateError>;
  readonly KafkaJSAlterPartitionReassignmentsError: Same<
    typeof real.KafkaJSAlterPartitionReassignmentsError,
    typeof door.KafkaJSAlterPartitionReassignmentsError
  >;
  readonly KafkaJSBrokerNotFound: Same<typeof real.KafkaJSBrokerNotFound, typeof door.KafkaJSBrokerNotFound>;
  readonly KafkaJSConnectionError: Same<typeof real.KafkaJSConnectionError, typeof door.KafkaJSConnectionError>;
  readonly KafkaJSDeleteGroupsError: Same<typeof real.KafkaJSDeleteGroupsError, typeof door.KafkaJSDeleteGroupsError>;
  readonly KafkaJSDeleteTopicRecordsError: Same<
    typeof real.KafkaJSDeleteTopicRecordsError,
    typeof door.KafkaJSDeleteTopicRecordsError
  >;
  readonly KafkaJSError: Same<typeof real.KafkaJSError, typeof door.KafkaJSError>;
  readonly KafkaJSGroupCoordinatorNotFound: Same<
    typeof real.KafkaJSGroupCoordinatorNotFound,
    typeof door.KafkaJSGroupCoordinatorNotFound
  >;
  readonly KafkaJSLockTimeout: Same<typeof real.KafkaJSLockTimeout, typeof door.KafkaJSLockTimeout>;
  readonly KafkaJSMetadataNotLoaded: Same<typeof real.KafkaJSMetadataNotLoaded, typeof door.KafkaJSMetadataNotLoaded>;
  readonly KafkaJSNonRetriableError: Same<typeof real.KafkaJSNonRetriableError, typeof door.KafkaJSNonRetriableError>;
  readonly KafkaJSNotImplemented: Same<typeof real.KafkaJSNotImplemented, typeof door.KafkaJSNotImplemented>;
  readonly KafkaJSNumberOfRetriesExceeded: Same<
    typeof real.KafkaJSNumberOfRetriesExceeded,
    typeof door.KafkaJSNumberOfRetriesExceeded
  >;
  readonly KafkaJSOffsetOutOfRange: Same<typeof real.KafkaJSOffsetOutOfRange, typeof door.KafkaJSOffsetOutOfRange>;
  readonly KafkaJSPartialMessageError: Same<
    typeof real.KafkaJSPartialMessageError,
    typeof door.KafkaJSPartialMessageError
  >;
  readonly KafkaJSProtocolError: Same<typeof real.KafkaJSProtocolError, typeof door.KafkaJSProtocolError>;
  readonly KafkaJSRequestTimeoutError: Same<
    typeof real.KafkaJSRequestTimeoutError,
    typeof door.KafkaJSRequestTimeoutError
  >;
  readonly KafkaJSSASLAuthenticationError: Same<
    typeof real.KafkaJSSASLAuthenticationError,
    typeof door.KafkaJSSASLAuthenticationError
  >;
  readonly KafkaJSServerDoesNotSupportApiKey: Same<
    typeof real.KafkaJSServerDoesNotSupportApiKey,
    typeof door.KafkaJSServerDoesNotSupportApiKey
  >;
  readonly KafkaJSStaleTopicMetadataAssignment: Same<
    typeof real.KafkaJSStaleTopicMetadataAssignment,
    typeof door.KafkaJSStaleTopicMetadataAssignment
  >;
  readonly KafkaJSTimeout: Same<typeof real.KafkaJSTimeout, typeof door.KafkaJSTimeout>;
  readonly KafkaJSTopicMetadataNotLoaded: Same<
    typeof real.KafkaJSTopicMetadataNotLoaded,
    typeof door.KafkaJSTopicMetadataNotLoaded
  >;
  readonly KafkaJSUnsupportedMagicByteInMessageSet: Same<
    typeof real.KafkaJSUnsupportedMagicByteInMessageSet,
    typeof door.KafkaJSUnsupportedMagicByteInMessageSet
  >;
  readonly PartitionAssigners: Same<typeof real.PartitionAssigners, typeof door.PartitionAssigners>;
  readonly Partitioners: Same<typeof real.Partitioners, typeof door.Partitioners>;
  readonly ResourcePatternTypes: Same<typeof real.ResourcePatternTypes, typeof door.ResourcePatternTypes>;
  readonly logLevel: Same<typeof real.logLevel, typeof door.logLevel>;
}

/** These do not compile where two differ. */
const types: { readonly [K in keyof Types]: 'same' } = {} as Types;
const values: { readonly [K in keyof Values]: 'same' } = {} as Values;

test('every name of kafkajs is exported, by import, as the default and by require', () => {
  const byRequire = createRequire(import.meta.url)('@millrace/kafkajs') as Record<string, unknown>;
  for (const name of Object.keys(theirs)) {
    if (name === 'default') continue;
    assert.ok(name in ours, `${name} by import`);
    assert.ok(name in ours.default, `${name} in the default`);
    assert.ok(name in byRequire, `${name} by require`);
  }
});

test('no declaration of kafkajs is left out above', () => {
  assert.deepEqual([types, values], [{}, {}]);
  const declarations = readFileSync(createRequire(import.meta.url).resolve('kafkajs/types/index.d.ts'), 'utf8');
  const compared = readFileSync(import.meta.filename, 'utf8');
  const declared = [...declarations.matchAll(/^export (const|var|enum|class|type|interface) (\w+)/gm)];
  assert.ok(declared.length > 100);
  for (const [, kind = '', name = ''] of declared) {
    const isCompared = (form: string): boolean =>
      new RegExp(` ${name}: Same<\\s*${form}real\\.${name}\\b`).test(compared);
    if (kind !== 'const' && kind !== 'var') assert.ok(isCompared(''), `type ${name}`);
    if (kind !== 'type' && kind !== 'interface') assert.ok(isCompared('typeof '), `value ${name}`);
  }
});
