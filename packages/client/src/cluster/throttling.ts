/**
 * How long a broker asks to be left alone (KIP-219). In: an answer. Out: milliseconds for which nothing more may be sent to it.
 *
 * Brokers since 2.0 answer at once and say how long the client is to wait; older ones, which speak older versions, have waited themselves
 * before they answered, and say so only for the record. The versions are those from which Java's client waits; APIs that are not named
 * never make it wait.
 */
import type { ApiName } from '@millrace/protocol';

const waitsFromVersion: ReadonlyMap<ApiName, number> = new Map([
  ['produce', 6],
  ['fetch', 8],
  ['listOffsets', 3],
  ['metadata', 6],
  ['offsetCommit', 4],
  ['offsetFetch', 4],
  ['findCoordinator', 2],
  ['joinGroup', 3],
  ['heartbeat', 2],
  ['leaveGroup', 2],
  ['syncGroup', 2],
  ['describeGroups', 2],
  ['listGroups', 2],
  ['apiVersions', 2],
  ['createTopics', 3],
  ['deleteTopics', 2],
  ['deleteRecords', 1],
  ['initProducerId', 1],
  ['addPartitionsToTxn', 1],
  ['addOffsetsToTxn', 1],
  ['endTxn', 1],
  ['txnOffsetCommit', 1],
  ['describeAcls', 1],
  ['createAcls', 1],
  ['deleteAcls', 1],
  ['describeConfigs', 2],
  ['alterConfigs', 1],
  ['alterReplicaLogDirs', 1],
  ['describeLogDirs', 1],
  ['createPartitions', 1],
  ['createDelegationToken', 1],
  ['renewDelegationToken', 1],
  ['expireDelegationToken', 1],
  ['describeDelegationToken', 1],
  ['deleteGroups', 1],
  ['electLeaders', 0],
  ['incrementalAlterConfigs', 0],
  ['alterPartitionReassignments', 0],
  ['listPartitionReassignments', 0],
  ['offsetDelete', 0],
  ['describeUserScramCredentials', 0],
  ['alterUserScramCredentials', 0],
  ['unregisterBroker', 0],
  ['describeTopicPartitions', 0],
] as const);

export function throttleMsOf(name: ApiName, version: number, answer: object): number {
  const { throttleTimeMs = 0 } = answer as { readonly throttleTimeMs?: number };
  if (throttleTimeMs <= 0) return 0;
  const from = waitsFromVersion.get(name);
  return from !== undefined && version >= from ? throttleTimeMs : 0;
}
