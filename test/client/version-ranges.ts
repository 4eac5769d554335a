/**
 * What other brokers offer: the newest version of each API that they answer; what a table leaves out they do not know. The client must
 * get along with each of them, so its tests run against a broker whose answer to ApiVersions is cut down to such a table.
 */
import { type ApiName, apis } from '@millrace/protocol';
import { FaultProxy, type FaultRule } from '@millrace/testkit';

export type RangeName = 'redpanda' | 'kafka-2.8' | 'kafka-3.6';
type Newest = { readonly [K in ApiName]?: number };

/** Redpanda 24 and 25, by the handlers of its source: no topic ids anywhere, no DescribeCluster, no KIP-848, no SCRAM by this way. */
const redpanda: Newest = {
  produce: 7,
  fetch: 11,
  listOffsets: 4,
  metadata: 8,
  offsetCommit: 8,
  offsetFetch: 7,
  findCoordinator: 3,
  joinGroup: 6,
  heartbeat: 4,
  leaveGroup: 4,
  syncGroup: 4,
  describeGroups: 5,
  listGroups: 3,
  saslHandshake: 1,
  apiVersions: 3,
  createTopics: 6,
  deleteTopics: 5,
  deleteRecords: 2,
  initProducerId: 3,
  offsetForLeaderEpoch: 4,
  addPartitionsToTxn: 3,
  addOffsetsToTxn: 3,
  endTxn: 3,
  txnOffsetCommit: 3,
  describeAcls: 2,
  createAcls: 2,
  deleteAcls: 2,
  describeConfigs: 4,
  alterConfigs: 2,
  describeLogDirs: 2,
  saslAuthenticate: 2,
  createPartitions: 3,
  deleteGroups: 2,
  incrementalAlterConfigs: 1,
  alterPartitionReassignments: 0,
  listPartitionReassignments: 0,
  offsetDelete: 0,
  describeClientQuotas: 1,
  alterClientQuotas: 1,
  describeProducers: 0,
  describeTransactions: 0,
  listTransactions: 0,
};

/** Apache Kafka 2.8: leaders by name alone, sessions of fetches, transactions of version 1. */
const kafka28: Newest = {
  ...redpanda,
  produce: 9,
  fetch: 12,
  listOffsets: 6,
  metadata: 11,
  joinGroup: 7,
  syncGroup: 5,
  listGroups: 4,
  createTopics: 7,
  deleteTopics: 6,
  initProducerId: 4,
  writeTxnMarkers: 1,
  alterReplicaLogDirs: 2,
  createDelegationToken: 2,
  renewDelegationToken: 2,
  expireDelegationToken: 2,
  describeDelegationToken: 2,
  electLeaders: 2,
  describeUserScramCredentials: 0,
  alterUserScramCredentials: 0,
  updateFeatures: 0,
  describeCluster: 0,
};

/** Apache Kafka 3.6: topic ids in Fetch, by name elsewhere. */
const kafka36: Newest = {
  ...kafka28,
  fetch: 15,
  listOffsets: 8,
  metadata: 12,
  offsetFetch: 8,
  findCoordinator: 4,
  joinGroup: 9,
  leaveGroup: 5,
  addPartitionsToTxn: 4,
  describeAcls: 3,
  createAcls: 3,
  deleteAcls: 3,
  describeLogDirs: 4,
  createDelegationToken: 3,
  describeDelegationToken: 3,
  describeQuorum: 1,
  updateFeatures: 1,
  unregisterBroker: 0,
};

export const versionRanges: Readonly<Record<RangeName, Newest>> = {
  redpanda,
  'kafka-2.8': kafka28,
  'kafka-3.6': kafka36,
};

/** A proxy in front of a cluster through which it offers no more than the named brokers do. */
export async function openRanged(bootstrap: string, name: RangeName): Promise<FaultProxy> {
  const proxy = await FaultProxy.open(bootstrap);
  proxy.rule = limitedTo(versionRanges[name]);
  return proxy;
}

/** What goes beyond the table ends the connection, as with the brokers that it is of. */
function limitedTo(newest: Newest): FaultRule {
  const byKey = new Map(Object.entries(newest).map(([name, version]) => [apis[name as ApiName].key, version]));
  return ({ name, version }) => {
    if (name !== 'apiVersions') return version > (newest[name] ?? -1) ? { cutBefore: true } : undefined;
    if (version > newest.apiVersions!) return { answer: refusal(newest.apiVersions!), answerVersion: 0 };
    return {
      rewrite: (answer) => ({
        ...answer,
        apiKeys: cutDown(answer['apiKeys'], byKey),
        finalizedFeatures: [],
        supportedFeatures: [],
      }),
    };
  };
}

const refusal = (maxVersion: number): Record<string, unknown> => ({
  errorCode: 35,
  apiKeys: [{ apiKey: apis.apiVersions.key, minVersion: 0, maxVersion }],
});

function cutDown(offered: unknown, byKey: ReadonlyMap<number, number>): object[] {
  return (offered as { apiKey: number; minVersion: number; maxVersion: number }[]).flatMap((one) => {
    const newest = byKey.get(one.apiKey);
    return newest === undefined ? [] : [{ ...one, maxVersion: Math.min(newest, one.maxVersion) }];
  });
}
