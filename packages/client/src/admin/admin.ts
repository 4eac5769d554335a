/**
 * The admin client: one method for each thing that can be asked of, or done to, a cluster. In: what to do it to. Out: what came of it, in the
 * order of what was given; where something failed, a `ClientError` with its `failures` by name (`README.md` here).
 */
import { type ClientHost, nodeClientHost } from '../client-host.ts';
import { Cluster } from '../cluster/cluster.ts';
import type { RequestObserver } from '../cluster/connection.ts';
import { ClientError } from '../error.ts';
import type { TableValues } from '../metrics/metric-table.ts';
import type { networkTable } from '../metrics/network-metrics.ts';
import { type OptionsOf, readOptions } from '../options/read-options.ts';
import type { TopicPartition, TopicPartitionOffset } from '../record.ts';
import { type SecurityOptions, securityOptionNames } from '../security/security-options.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import * as acls from './acls.ts';
import { adminKeys } from './admin-keys.ts';
import { type AlterConfigsOptions, type ConfigAlteration, incrementalAlterConfigs } from './alter-configs.ts';
import { alterGroupOffsets, deleteGroupOffsets } from './alter-group-offsets.ts';
import type { CallOptions } from './call.ts';
import * as quotas from './client-quotas.ts';
import type { ConfigResource } from './config-resource.ts';
import { createPartitions, type CreatePartitionsOptions, type NewPartitions } from './create-partitions.ts';
import { type CreatedTopic, createTopics, type CreateTopicsOptions, type NewTopic } from './create-topics.ts';
import * as tokens from './delegation-tokens.ts';
import { deleteGroups } from './delete-groups.ts';
import { type DeletedRecords, deleteRecords, type RecordsToDelete } from './delete-records.ts';
import { deleteTopics, type DeleteTopicsOptions, type TopicReference } from './delete-topics.ts';
import {
  type ClassicGroupDescription,
  describeClassicGroups,
  type DescribeGroupsOptions,
} from './describe-classic-groups.ts';
import { type ClusterDescription, describeCluster, type DescribeClusterOptions } from './describe-cluster.ts';
import {
  type ConfigDescription,
  describeConfigs,
  type DescribeConfigsOptions,
  type DescribeConfigsResource,
} from './describe-configs.ts';
import { type ConsumerGroupDescription, describeConsumerGroups } from './describe-consumer-groups.ts';
import { describeProducers, type DescribeProducersOptions, type PartitionProducers } from './describe-producers.ts';
import { describeShareGroups, type ShareGroupDescription } from './describe-share-groups.ts';
import { describeStreamsGroups, type StreamsGroupDescription } from './describe-streams-groups.ts';
import { describeTopics, type DescribeTopicsOptions, type TopicDescription } from './describe-topics.ts';
import * as transactions from './describe-transactions.ts';
import { electLeaders, type ElectionType, type LeaderElection } from './elect-leaders.ts';
import { abortTransaction, type FencedProducer, fenceProducers, type TransactionToAbort } from './end-transactions.ts';
import * as features from './features.ts';
import { listConfigResources, type ListConfigResourcesOptions } from './list-config-resources.ts';
import {
  type GroupOffsets,
  type GroupOffsetsQuery,
  listGroupOffsets,
  type ListGroupOffsetsOptions,
} from './list-group-offsets.ts';
import { type GroupListing, listGroups, type ListGroupsOptions } from './list-groups.ts';
import { type FoundOffset, listOffsets, type ListOffsetsOptions, type OffsetLookup } from './list-offsets.ts';
import { listTopics, type ListTopicsOptions, type TopicListing } from './list-topics.ts';
import { type BrokerLogDirs, describeLogDirs } from './log-dirs.ts';
import * as quorum from './quorum.ts';
import * as reassignments from './reassignments.ts';
import { removeMembersFromConsumerGroup, type RemoveMembersOptions } from './remove-members.ts';
import * as replicaLogDirs from './replica-log-dirs.ts';
import * as scram from './scram-credentials.ts';
import * as shareOffsets from './share-group-offsets.ts';
import { unregisterBroker } from './unregister-broker.ts';

export type AdminMetrics = TableValues<ReturnType<typeof networkTable>>;

export interface AdminOptions extends OptionsOf<typeof adminKeys>, SecurityOptions {
  /** Time, chance, log and network in place of Node's. */
  readonly host?: ClientHost | undefined;
  /** Told of each request that was answered. */
  readonly observe?: RequestObserver | undefined;
}

const ownNames: readonly string[] = [...securityOptionNames, 'host', 'observe'];

export class Admin implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #telemetry: Telemetry;
  #closing: Promise<void> | undefined;

  /** Connects to nobody yet. Throws `ClientError` CONFIG. */
  constructor(options: AdminOptions) {
    const config = readOptions(adminKeys, options as Readonly<Record<string, unknown>>, ownNames);
    const { host = nodeClientHost(), observe } = options;
    const controllers = config['bootstrap.controllers'];
    const isToControllers = controllers.length > 0;
    if (isToControllers && config['bootstrap.servers'] !== null)
      throw new ClientError('CONFIG', 'An admin talks to bootstrap.servers or to bootstrap.controllers, not to both.');
    this.#cluster = new Cluster({
      host,
      config: isToControllers ? { ...config, 'bootstrap.servers': controllers } : config,
      nodes: isToControllers ? 'controllers' : 'brokers',
      allowAutoCreateTopics: false,
      security: options,
      ...(observe !== undefined && { observe }),
    });
    this.#telemetry = new Telemetry(this.#cluster, () => []);
  }

  /** What went over its connections; means and extremes of nothing are NaN. */
  metrics(): AdminMetrics {
    return this.#cluster.network.read();
  }

  /** The id under which brokers know this admin's metrics (KIP-714). Throws `ClientError` UNSUPPORTED, TIMEOUT; STATE without `enable.metrics.push`. */
  clientInstanceId(options: CallOptions = {}): Promise<string> {
    return this.#telemetry.clientInstanceId(options);
  }

  /** Ends all connections; calls at work throw CLOSED. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #close(): Promise<void> {
    const lastPush = this.#telemetry.close();
    return lastPush === undefined ? this.#cluster.close() : lastPush.then(() => this.#cluster.close());
  }

  createTopics(topics: readonly (string | NewTopic)[], options: CreateTopicsOptions = {}): Promise<CreatedTopic[]> {
    return createTopics(this.#cluster, topics, options);
  }

  deleteTopics(topics: readonly TopicReference[], options: DeleteTopicsOptions = {}): Promise<void> {
    return deleteTopics(this.#cluster, topics, options);
  }

  listTopics(options: ListTopicsOptions = {}): Promise<TopicListing[]> {
    return listTopics(this.#cluster, options);
  }

  describeTopics(topics: readonly TopicReference[], options: DescribeTopicsOptions = {}): Promise<TopicDescription[]> {
    return describeTopics(this.#cluster, topics, options);
  }

  createPartitions(topics: readonly NewPartitions[], options: CreatePartitionsOptions = {}): Promise<void> {
    return createPartitions(this.#cluster, topics, options);
  }

  describeConfigs(
    resources: readonly DescribeConfigsResource[],
    options: DescribeConfigsOptions = {},
  ): Promise<ConfigDescription[]> {
    return describeConfigs(this.#cluster, resources, options);
  }

  incrementalAlterConfigs(alterations: readonly ConfigAlteration[], options: AlterConfigsOptions = {}): Promise<void> {
    return incrementalAlterConfigs(this.#cluster, alterations, options);
  }

  listConfigResources(options: ListConfigResourcesOptions = {}): Promise<ConfigResource[]> {
    return listConfigResources(this.#cluster, options);
  }

  deleteRecords(partitions: readonly RecordsToDelete[], options: CallOptions = {}): Promise<DeletedRecords[]> {
    return deleteRecords(this.#cluster, partitions, options);
  }

  listOffsets(queries: readonly OffsetLookup[], options: ListOffsetsOptions = {}): Promise<FoundOffset[]> {
    return listOffsets(this.#cluster, queries, options);
  }

  describeProducers(
    partitions: readonly TopicPartition[],
    options: DescribeProducersOptions = {},
  ): Promise<PartitionProducers[]> {
    return describeProducers(this.#cluster, partitions, options);
  }

  /** Null: of all partitions. */
  electLeaders(
    electionType: ElectionType,
    partitions: readonly TopicPartition[] | null,
    options: CallOptions = {},
  ): Promise<LeaderElection[]> {
    return electLeaders(this.#cluster, electionType, partitions, options);
  }

  alterPartitionReassignments(
    items: readonly reassignments.PartitionReassignment[],
    options: reassignments.AlterReassignmentsOptions = {},
  ): Promise<void> {
    return reassignments.alterPartitionReassignments(this.#cluster, items, options);
  }

  listPartitionReassignments(
    options: reassignments.ListReassignmentsOptions = {},
  ): Promise<reassignments.OngoingReassignment[]> {
    return reassignments.listPartitionReassignments(this.#cluster, options);
  }

  describeCluster(options: DescribeClusterOptions = {}): Promise<ClusterDescription> {
    return describeCluster(this.#cluster, options);
  }

  describeFeatures(options: features.DescribeFeaturesOptions = {}): Promise<features.FeatureDescription> {
    return features.describeFeatures(this.#cluster, options);
  }

  updateFeatures(
    updates: readonly features.FeatureUpdate[],
    options: features.UpdateFeaturesOptions = {},
  ): Promise<void> {
    return features.updateFeatures(this.#cluster, updates, options);
  }

  describeMetadataQuorum(options: CallOptions = {}): Promise<quorum.QuorumDescription> {
    return quorum.describeMetadataQuorum(this.#cluster, options);
  }

  addRaftVoter(
    voterId: number,
    directoryId: string,
    endpoints: readonly quorum.RaftVoterEndpoint[],
    options: quorum.RaftVoterOptions = {},
  ): Promise<void> {
    return quorum.addRaftVoter(this.#cluster, voterId, directoryId, endpoints, options);
  }

  removeRaftVoter(voterId: number, directoryId: string, options: quorum.RaftVoterOptions = {}): Promise<void> {
    return quorum.removeRaftVoter(this.#cluster, voterId, directoryId, options);
  }

  unregisterBroker(brokerId: number, options: CallOptions = {}): Promise<void> {
    return unregisterBroker(this.#cluster, brokerId, options);
  }

  describeLogDirs(brokerIds: readonly number[], options: CallOptions = {}): Promise<BrokerLogDirs[]> {
    return describeLogDirs(this.#cluster, brokerIds, options);
  }

  alterReplicaLogDirs(moves: readonly replicaLogDirs.ReplicaMove[], options: CallOptions = {}): Promise<void> {
    return replicaLogDirs.alterReplicaLogDirs(this.#cluster, moves, options);
  }

  describeReplicaLogDirs(
    replicas: readonly replicaLogDirs.TopicPartitionReplica[],
    options: CallOptions = {},
  ): Promise<replicaLogDirs.ReplicaLogDirs[]> {
    return replicaLogDirs.describeReplicaLogDirs(this.#cluster, replicas, options);
  }

  listGroups(options: ListGroupsOptions = {}): Promise<GroupListing[]> {
    return listGroups(this.#cluster, options);
  }

  describeConsumerGroups(
    groupIds: readonly string[],
    options: DescribeGroupsOptions = {},
  ): Promise<ConsumerGroupDescription[]> {
    return describeConsumerGroups(this.#cluster, groupIds, options);
  }

  describeClassicGroups(
    groupIds: readonly string[],
    options: DescribeGroupsOptions = {},
  ): Promise<ClassicGroupDescription[]> {
    return describeClassicGroups(this.#cluster, groupIds, options);
  }

  describeShareGroups(
    groupIds: readonly string[],
    options: DescribeGroupsOptions = {},
  ): Promise<ShareGroupDescription[]> {
    return describeShareGroups(this.#cluster, groupIds, options);
  }

  describeStreamsGroups(
    groupIds: readonly string[],
    options: DescribeGroupsOptions = {},
  ): Promise<StreamsGroupDescription[]> {
    return describeStreamsGroups(this.#cluster, groupIds, options);
  }

  deleteShareGroups(groupIds: readonly string[], options: CallOptions = {}): Promise<void> {
    return deleteGroups(this.#cluster, groupIds, options);
  }

  deleteStreamsGroups(groupIds: readonly string[], options: CallOptions = {}): Promise<void> {
    return deleteGroups(this.#cluster, groupIds, options);
  }

  /** Groups of every type. */
  deleteConsumerGroups(groupIds: readonly string[], options: CallOptions = {}): Promise<void> {
    return deleteGroups(this.#cluster, groupIds, options);
  }

  removeMembersFromConsumerGroup(groupId: string, options: RemoveMembersOptions = {}): Promise<void> {
    return removeMembersFromConsumerGroup(this.#cluster, groupId, options);
  }

  /** Of classic, consumer and streams groups. */
  listConsumerGroupOffsets(
    groups: readonly (string | GroupOffsetsQuery)[],
    options: ListGroupOffsetsOptions = {},
  ): Promise<GroupOffsets[]> {
    return listGroupOffsets(this.#cluster, groups, options);
  }

  alterConsumerGroupOffsets(
    groupId: string,
    offsets: readonly TopicPartitionOffset[],
    options: CallOptions = {},
  ): Promise<void> {
    return alterGroupOffsets(this.#cluster, groupId, offsets, options);
  }

  deleteConsumerGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    options: CallOptions = {},
  ): Promise<void> {
    return deleteGroupOffsets(this.#cluster, groupId, partitions, options);
  }

  listStreamsGroupOffsets(
    groups: readonly (string | GroupOffsetsQuery)[],
    options: ListGroupOffsetsOptions = {},
  ): Promise<GroupOffsets[]> {
    return listGroupOffsets(this.#cluster, groups, options);
  }

  alterStreamsGroupOffsets(
    groupId: string,
    offsets: readonly TopicPartitionOffset[],
    options: CallOptions = {},
  ): Promise<void> {
    return alterGroupOffsets(this.#cluster, groupId, offsets, options);
  }

  deleteStreamsGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    options: CallOptions = {},
  ): Promise<void> {
    return deleteGroupOffsets(this.#cluster, groupId, partitions, options);
  }

  listShareGroupOffsets(
    groups: readonly (string | GroupOffsetsQuery)[],
    options: CallOptions = {},
  ): Promise<shareOffsets.ShareGroupOffsets[]> {
    return shareOffsets.listShareGroupOffsets(this.#cluster, groups, options);
  }

  alterShareGroupOffsets(
    groupId: string,
    offsets: readonly shareOffsets.NewShareGroupOffset[],
    options: CallOptions = {},
  ): Promise<void> {
    return shareOffsets.alterShareGroupOffsets(this.#cluster, groupId, offsets, options);
  }

  deleteShareGroupOffsets(groupId: string, topics: readonly string[], options: CallOptions = {}): Promise<void> {
    return shareOffsets.deleteShareGroupOffsets(this.#cluster, groupId, topics, options);
  }

  describeTransactions(
    transactionalIds: readonly string[],
    options: CallOptions = {},
  ): Promise<transactions.TransactionDescription[]> {
    return transactions.describeTransactions(this.#cluster, transactionalIds, options);
  }

  listTransactions(options: transactions.ListTransactionsOptions = {}): Promise<transactions.TransactionListing[]> {
    return transactions.listTransactions(this.#cluster, options);
  }

  abortTransaction(transaction: TransactionToAbort, options: CallOptions = {}): Promise<void> {
    return abortTransaction(this.#cluster, transaction, options);
  }

  fenceProducers(transactionalIds: readonly string[], options: CallOptions = {}): Promise<FencedProducer[]> {
    return fenceProducers(this.#cluster, transactionalIds, options);
  }

  /** Aborts whatever transaction of this id is open, prepared ones too (KIP-939), and shuts its producer out. */
  async forceTerminateTransaction(transactionalId: string, options: CallOptions = {}): Promise<void> {
    await fenceProducers(this.#cluster, [transactionalId], options);
  }

  createAcls(bindings: readonly acls.NewAcl[], options: CallOptions = {}): Promise<void> {
    return acls.createAcls(this.#cluster, bindings, options);
  }

  describeAcls(filter: acls.AclBindingFilter, options: CallOptions = {}): Promise<acls.AclBinding[]> {
    return acls.describeAcls(this.#cluster, filter, options);
  }

  deleteAcls(filters: readonly acls.AclBindingFilter[], options: CallOptions = {}): Promise<acls.DeletedAcls[]> {
    return acls.deleteAcls(this.#cluster, filters, options);
  }

  describeClientQuotas(
    filter: readonly quotas.ClientQuotaFilterPart[],
    options: quotas.DescribeClientQuotasOptions = {},
  ): Promise<quotas.ClientQuotas[]> {
    return quotas.describeClientQuotas(this.#cluster, filter, options);
  }

  alterClientQuotas(
    alterations: readonly quotas.ClientQuotaAlteration[],
    options: quotas.AlterClientQuotasOptions = {},
  ): Promise<void> {
    return quotas.alterClientQuotas(this.#cluster, alterations, options);
  }

  describeUserScramCredentials(options: scram.DescribeScramOptions = {}): Promise<scram.UserScramCredentials[]> {
    return scram.describeUserScramCredentials(this.#cluster, options);
  }

  alterUserScramCredentials(alterations: readonly scram.ScramAlteration[], options: CallOptions = {}): Promise<void> {
    return scram.alterUserScramCredentials(this.#cluster, alterations, options);
  }

  createDelegationToken(options: tokens.CreateDelegationTokenOptions = {}): Promise<tokens.DelegationToken> {
    return tokens.createDelegationToken(this.#cluster, options);
  }

  renewDelegationToken(hmac: Uint8Array, options: tokens.RenewDelegationTokenOptions = {}): Promise<number> {
    return tokens.renewDelegationToken(this.#cluster, hmac, options);
  }

  expireDelegationToken(hmac: Uint8Array, options: tokens.ExpireDelegationTokenOptions = {}): Promise<number> {
    return tokens.expireDelegationToken(this.#cluster, hmac, options);
  }

  describeDelegationTokens(options: tokens.DescribeDelegationTokensOptions = {}): Promise<tokens.DelegationToken[]> {
    return tokens.describeDelegationTokens(this.#cluster, options);
  }
}
