/** The words of the admin's calls. */
export type { Settled } from './errand.ts';
export type { AclOperation, AclPatternType, AclPermissionType, AclResourceType } from './acl-words.ts';
export type { AclBinding, AclBindingFilter, DeletedAcls, NewAcl } from './acls.ts';
export type { AlterConfigOp, AlterConfigsOptions, ConfigAlteration } from './alter-configs.ts';
export type {
  AlterClientQuotasOptions,
  ClientQuotaAlteration,
  ClientQuotaFilterPart,
  ClientQuotas,
  DescribeClientQuotasOptions,
  QuotaEntityPart,
  QuotaEntityType,
} from './client-quotas.ts';
export type { ConfigEntry, ConfigSource, ConfigSynonym, ConfigType, ConfigsInput } from './config-entry.ts';
export type { ConfigResource, ConfigResourceType } from './config-resource.ts';
export type { CreatePartitionsOptions, NewPartitions } from './create-partitions.ts';
export type { CreateTopicsOptions, CreatedTopic, NewTopic } from './create-topics.ts';
export type {
  CreateDelegationTokenOptions,
  DelegationToken,
  DescribeDelegationTokensOptions,
  ExpireDelegationTokenOptions,
  RenewDelegationTokenOptions,
} from './delegation-tokens.ts';
export type { DeletedRecords, RecordsToDelete } from './delete-records.ts';
export type { DeleteTopicsOptions, TopicReference } from './delete-topics.ts';
export type { ClassicGroupDescription, ClassicGroupMember, DescribeGroupsOptions } from './describe-classic-groups.ts';
export type { ClusterDescription, ClusterNode, DescribeClusterOptions } from './describe-cluster.ts';
export type { ConfigDescription, DescribeConfigsOptions, DescribeConfigsResource } from './describe-configs.ts';
export type { ConsumerGroupDescription, ConsumerGroupMember } from './describe-consumer-groups.ts';
export type { DescribeProducersOptions, PartitionProducers, ProducerState } from './describe-producers.ts';
export type { ShareGroupDescription, ShareGroupMember } from './describe-share-groups.ts';
export type { StreamsGroupDescription, StreamsGroupMember } from './describe-streams-groups.ts';
export type { DescribeTopicsOptions, DescribedPartition, TopicDescription } from './describe-topics.ts';
export type {
  ListTransactionsOptions,
  TransactionDescription,
  TransactionListing,
  TransactionState,
} from './describe-transactions.ts';
export type { ElectionType, LeaderElection } from './elect-leaders.ts';
export type { FencedProducer, TransactionToAbort } from './end-transactions.ts';
export type {
  DescribeFeaturesOptions,
  FeatureDescription,
  FeatureUpdate,
  FinalizedFeature,
  SupportedFeature,
  UpdateFeaturesOptions,
} from './features.ts';
export type { GroupState, GroupType } from './groups.ts';
export type { ListConfigResourcesOptions } from './list-config-resources.ts';
export type { GroupOffsets, GroupOffsetsQuery, ListGroupOffsetsOptions } from './list-group-offsets.ts';
export type { GroupListing, ListGroupsOptions } from './list-groups.ts';
export type { ListOffsetsOptions, FoundOffset, OffsetLookup, OffsetSpec } from './list-offsets.ts';
export type { ListTopicsOptions, TopicListing } from './list-topics.ts';
export type { BrokerLogDirs, LogDir, LogDirReplica } from './log-dirs.ts';
export type { QuorumDescription, QuorumReplica, RaftVoterEndpoint, RaftVoterOptions } from './quorum.ts';
export type { QuotaOptions } from './quota-route.ts';
export type {
  AlterReassignmentsOptions,
  ListReassignmentsOptions,
  OngoingReassignment,
  PartitionReassignment,
} from './reassignments.ts';
export type { MemberToRemove, RemoveMembersOptions } from './remove-members.ts';
export type { ReplicaLogDirs, ReplicaMove, TopicPartitionReplica } from './replica-log-dirs.ts';
export type {
  DescribeScramOptions,
  ScramAlteration,
  ScramCredential,
  ScramDeletion,
  ScramMechanism,
  ScramUpsertion,
  UserScramCredentials,
} from './scram-credentials.ts';
export type { NewShareGroupOffset, ShareGroupOffset, ShareGroupOffsets } from './share-group-offsets.ts';
