// What an ordinary broker would say: broker 1 of one, topic "t" with two partitions, group "g" with one member.

import { type ApiName, encodeBatch } from '@millrace/protocol';

export const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
export const brokerHost = 'broker';
export const brokerPort = 9092;

type Fields = Readonly<Record<string, unknown>>;
type Answer = (request: Fields, version: number) => object;

const node = { nodeId: 1, host: brokerHost, port: brokerPort, rack: null };
const ok = { errorCode: 0, errorMessage: null };
export const batch: Buffer = encodeBatch([
  { key: Buffer.from('k'), value: Buffer.from('v') },
  { value: Buffer.alloc(100) },
]);

/** Undefined for APIs that no call here can do anything with an ordinary answer of. */
export function honestAnswer(name: ApiName, request: Fields, version: number): object | undefined {
  return answers[name]?.(request, version);
}

const answers: { readonly [K in ApiName]?: Answer } = {
  metadata: () => ({
    brokers: [node],
    clusterId: 'c',
    controllerId: 1,
    topics: [{ ...ok, name: 't', topicId, partitions: [0, 1].map(partition) }],
    errorCode: 0,
  }),
  describeCluster: () => ({ ...ok, clusterId: 'c', controllerId: 1, brokers: [{ ...node, brokerId: 1 }] }),
  describeTopicPartitions: () => ({
    topics: [
      { ...ok, name: 't', topicId, isInternal: false, partitions: [0, 1].map(partition), topicAuthorizedOperations: 0 },
    ],
    nextCursor: null,
  }),
  findCoordinator: (_, version) => ({
    ...(version < 4 ? { ...ok, ...node } : {}),
    coordinators: version < 4 ? [] : [{ ...ok, ...node, key: 'g' }],
  }),
  initProducerId: () => ({
    errorCode: 0,
    producerId: 7,
    producerEpoch: 0,
    ongoingTxnProducerId: -1,
    ongoingTxnProducerEpoch: -1,
  }),
  produce: ({ topicData }) => ({
    responses: (topicData as readonly Fields[]).map(({ name, topicId: id, partitionData }) => ({
      name,
      topicId: id,
      partitionResponses: (partitionData as readonly Fields[]).map(({ index }) => ({
        ...ok,
        index,
        baseOffset: 0n,
        logAppendTimeMs: -1,
        logStartOffset: 0n,
        recordErrors: [],
      })),
    })),
  }),
  listOffsets: ({ topics }) => ({
    topics: (topics as readonly Fields[]).map(({ name, partitions }) => ({
      name,
      partitions: (partitions as readonly Fields[]).map(({ partitionIndex }) => ({
        errorCode: 0,
        partitionIndex,
        timestamp: -1,
        offset: 0n,
        leaderEpoch: 0,
      })),
    })),
  }),
  offsetForLeaderEpoch: () => ({
    topics: [{ topic: 't', partitions: [{ errorCode: 0, partition: 0, leaderEpoch: 0, endOffset: 2n }] }],
  }),
  fetch: ({ topics }) => ({
    errorCode: 0,
    sessionId: 0,
    responses: (topics as readonly Fields[]).map(({ topic, topicId: id, partitions }) => ({
      topic,
      topicId: id,
      partitions: (partitions as readonly Fields[]).map(({ partition: index, fetchOffset }) => ({
        partitionIndex: index,
        errorCode: 0,
        highWatermark: 2n,
        lastStableOffset: 2n,
        logStartOffset: 0n,
        abortedTransactions: null,
        preferredReadReplica: -1,
        records: fetchOffset === 0n ? batch : Buffer.alloc(0),
      })),
    })),
  }),
  joinGroup: () => ({
    errorCode: 0,
    generationId: 1,
    protocolType: 'consumer',
    protocolName: 'range',
    leader: 'm',
    memberId: 'm',
    members: [],
  }),
  syncGroup: () => ({ errorCode: 0, protocolType: 'consumer', protocolName: 'range', assignment: Buffer.alloc(0) }),
  consumerGroupHeartbeat: () => ({
    ...ok,
    memberId: 'm',
    memberEpoch: 1,
    heartbeatIntervalMs: 5000,
    assignment: { topicPartitions: [{ topicId, partitions: [0, 1] }] },
  }),
  heartbeat: () => ok,
  leaveGroup: () => ({ errorCode: 0, members: [] }),
  offsetFetch: () => ({ errorCode: 0, topics: [], groups: [{ groupId: 'g', errorCode: 0, topics: [] }] }),
  offsetCommit: () => ({ topics: [{ name: 't', topicId, partitions: [{ partitionIndex: 0, errorCode: 0 }] }] }),
  saslHandshake: () => ({ errorCode: 0, mechanisms: ['PLAIN', 'SCRAM-SHA-256', 'OAUTHBEARER'] }),
  saslAuthenticate: () => ({ ...ok, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 }),
};

function partition(index: number): object {
  return {
    errorCode: 0,
    partitionIndex: index,
    leaderId: 1,
    leaderEpoch: 0,
    replicaNodes: [1],
    isrNodes: [1],
    offlineReplicas: [],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
  };
}
