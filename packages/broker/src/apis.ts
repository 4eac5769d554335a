/** Every API that is served, with its handler. What is not here is answered by closing the connection, as Kafka does for unknown keys. */
import { apis } from '@millrace/protocol';

import { alterClientQuotas } from './api/alter-client-quotas.ts';
import { addOffsetsToTxn } from './api/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from './api/add-partitions-to-txn.ts';
import { alterConfigs } from './api/alter-configs.ts';
import { alterPartitionReassignments } from './api/alter-partition-reassignments.ts';
import { alterReplicaLogDirs } from './api/alter-replica-log-dirs.ts';
import { apiVersions } from './api/api-versions.ts';
import { consumerGroupDescribe } from './api/consumer-group-describe.ts';
import { consumerGroupHeartbeat } from './api/consumer-group-heartbeat.ts';
import { createPartitions } from './api/create-partitions.ts';
import { createTopics } from './api/create-topics.ts';
import { deleteGroups } from './api/delete-groups.ts';
import { deleteRecords } from './api/delete-records.ts';
import { deleteTopics } from './api/delete-topics.ts';
import { describeClientQuotas } from './api/describe-client-quotas.ts';
import { describeCluster } from './api/describe-cluster.ts';
import { describeConfigs } from './api/describe-configs.ts';
import { describeGroups } from './api/describe-groups.ts';
import { describeLogDirs } from './api/describe-log-dirs.ts';
import { describeProducers } from './api/describe-producers.ts';
import { describeQuorum } from './api/describe-quorum.ts';
import { describeTopicPartitions } from './api/describe-topic-partitions.ts';
import { describeUserScramCredentials } from './api/describe-user-scram-credentials.ts';
import { electLeaders } from './api/elect-leaders.ts';
import { describeTransactions } from './api/describe-transactions.ts';
import { endTxn } from './api/end-txn.ts';
import { fetch } from './api/fetch.ts';
import { findCoordinator } from './api/find-coordinator.ts';
import { getTelemetrySubscriptions } from './api/get-telemetry-subscriptions.ts';
import { heartbeat } from './api/heartbeat.ts';
import { incrementalAlterConfigs } from './api/incremental-alter-configs.ts';
import { initProducerId } from './api/init-producer-id.ts';
import { joinGroup } from './api/join-group.ts';
import { leaveGroup } from './api/leave-group.ts';
import { listConfigResources } from './api/list-config-resources.ts';
import { listGroups } from './api/list-groups.ts';
import { listOffsets } from './api/list-offsets.ts';
import { listPartitionReassignments } from './api/list-partition-reassignments.ts';
import { listTransactions } from './api/list-transactions.ts';
import { metadata } from './api/metadata.ts';
import { offsetCommit } from './api/offset-commit.ts';
import { offsetDelete } from './api/offset-delete.ts';
import { offsetFetch } from './api/offset-fetch.ts';
import { offsetForLeaderEpoch } from './api/offset-for-leader-epoch.ts';
import { produce } from './api/produce.ts';
import { addRaftVoter, removeRaftVoter } from './api/raft-voters.ts';
import { pushTelemetry } from './api/push-telemetry.ts';
import { syncGroup } from './api/sync-group.ts';
import { txnOffsetCommit } from './api/txn-offset-commit.ts';
import { updateFeatures } from './api/update-features.ts';
import { writeTxnMarkers } from './api/write-txn-markers.ts';
import { unregisterBroker } from './api/unregister-broker.ts';
import { ApiTable, serve, type ServedApi } from './api-table.ts';
import type { Doors } from './doors.ts';

/** As in Kafka they are not offered where nobody could see what clients push. */
const telemetryKeys: ReadonlySet<number> = new Set([apis.getTelemetrySubscriptions.key, apis.pushTelemetry.key]);

export function apiTable(doors: Doors): ApiTable {
  const served = servedApis(doors);
  return new ApiTable(doors.telemetry.isOffered ? served : served.filter(({ api }) => !telemetryKeys.has(api.key)));
}

/** Without doors only for reading versions: nothing may be handled then. */
export function servedApis(doors: Doors = {} as Doors): readonly ServedApi[] {
  return [
    serve(apis.produce, (request, exchange) => produce(doors, request, exchange), { advertisedMin: 0 }),
    serve(apis.fetch, (request, exchange) => fetch(doors, request, exchange), {
      leftOut: 'fetching by followers',
    }),
    serve(apis.listOffsets, (request, exchange) => listOffsets(doors, request, exchange)),
    serve(apis.metadata, (request, exchange) => metadata(doors, request, exchange)),
    serve(apis.offsetCommit, (request, exchange) => offsetCommit(doors, request, exchange)),
    serve(apis.offsetFetch, (request, exchange) => offsetFetch(doors, request, exchange)),
    serve(apis.findCoordinator, (request, exchange) => findCoordinator(doors, request, exchange), {
      leftOut: 'coordinators of share groups',
    }),
    serve(apis.joinGroup, (request, exchange) => joinGroup(doors, request, exchange)),
    serve(apis.heartbeat, (request, exchange) => heartbeat(doors, request, exchange)),
    serve(apis.leaveGroup, (request, exchange) => leaveGroup(doors, request, exchange)),
    serve(apis.syncGroup, (request, exchange) => syncGroup(doors, request, exchange)),
    serve(apis.describeGroups, (request, exchange) => describeGroups(doors, request, exchange)),
    serve(apis.listGroups, (request) => listGroups(doors, request)),
    serve(apis.apiVersions, (request, exchange) => apiVersions(doors, request, exchange)),
    serve(apis.createTopics, (request, exchange) => createTopics(doors, request, exchange)),
    serve(apis.deleteTopics, (request, exchange) => deleteTopics(doors, request, exchange)),
    serve(apis.deleteRecords, (request) => deleteRecords(doors, request)),
    serve(apis.initProducerId, (request, exchange) => initProducerId(doors, request, exchange), {
      max: 5,
      leftOut: 'version 6, which Kafka marks unstable, and with it two-phase commit',
    }),
    serve(apis.addPartitionsToTxn, (request, exchange) => addPartitionsToTxn(doors, request, exchange)),
    serve(apis.addOffsetsToTxn, (request, exchange) => addOffsetsToTxn(doors, request, exchange)),
    serve(apis.endTxn, (request, exchange) => endTxn(doors, request, exchange)),
    serve(apis.writeTxnMarkers, (request, exchange) => writeTxnMarkers(doors, request, exchange)),
    serve(apis.txnOffsetCommit, (request, exchange) => txnOffsetCommit(doors, request, exchange)),
    serve(apis.describeTransactions, (request, exchange) => describeTransactions(doors, request, exchange)),
    serve(apis.listTransactions, (request) => listTransactions(doors, request)),
    serve(apis.updateFeatures, (request, exchange) => updateFeatures(doors, request, exchange)),
    serve(apis.offsetForLeaderEpoch, (request) => offsetForLeaderEpoch(doors, request)),
    serve(apis.describeConfigs, (request) => describeConfigs(doors, request)),
    serve(apis.alterConfigs, (request) => alterConfigs(doors, request)),
    serve(apis.alterReplicaLogDirs, (request) => alterReplicaLogDirs(doors, request)),
    serve(apis.describeLogDirs, (request) => describeLogDirs(doors, request)),
    serve(apis.createPartitions, (request, exchange) => createPartitions(doors, request, exchange)),
    serve(apis.deleteGroups, (request, exchange) => deleteGroups(doors, request, exchange)),
    serve(apis.electLeaders, (request) => electLeaders(doors, request)),
    serve(apis.incrementalAlterConfigs, (request) => incrementalAlterConfigs(doors, request)),
    serve(apis.alterPartitionReassignments, (request) => alterPartitionReassignments(doors, request)),
    serve(apis.listPartitionReassignments, () => listPartitionReassignments()),
    serve(apis.offsetDelete, (request, exchange) => offsetDelete(doors, request, exchange)),
    serve(apis.describeClientQuotas, (request) => describeClientQuotas(doors, request)),
    serve(apis.alterClientQuotas, (request) => alterClientQuotas(doors, request)),
    serve(apis.describeUserScramCredentials, (request) => describeUserScramCredentials(request)),
    serve(apis.describeQuorum, (request, exchange) => describeQuorum(doors, request, exchange)),
    serve(apis.describeCluster, (request, exchange) => describeCluster(doors, request, exchange)),
    serve(apis.describeProducers, (request) => describeProducers(doors, request)),
    serve(apis.unregisterBroker, (request) => unregisterBroker(doors, request)),
    serve(apis.addRaftVoter, (request) => addRaftVoter(doors, request)),
    serve(apis.removeRaftVoter, (request) => removeRaftVoter(doors, request)),
    serve(apis.consumerGroupHeartbeat, (request, exchange) => consumerGroupHeartbeat(doors, request, exchange)),
    serve(apis.consumerGroupDescribe, (request, exchange) => consumerGroupDescribe(doors, request, exchange)),
    serve(apis.getTelemetrySubscriptions, (request, exchange) => getTelemetrySubscriptions(doors, request, exchange)),
    serve(apis.pushTelemetry, (request, exchange) => pushTelemetry(doors, request, exchange)),
    serve(apis.listConfigResources, (request, exchange) => listConfigResources(doors, request, exchange)),
    serve(apis.describeTopicPartitions, (request) => describeTopicPartitions(doors, request)),
  ];
}
