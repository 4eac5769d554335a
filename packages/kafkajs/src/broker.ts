/** One broker, as assigners of one's own ask it: what groups have committed, what it knows. Whole answers, in the words of kafkajs. */
import type { Target } from '@millrace/client';

import { alterReassignments, listReassignments } from './admin/reassignments.ts';
import { check } from './broker-errors.ts';
import type { DoorCluster } from './cluster.ts';
import { KafkaJSNotImplemented } from './errors.ts';
import type { ApiVersions, Broker } from './types/cluster.ts';

/** Newer versions name topics by their ids. */
const commitVersionMax = 9;
const fetchVersionMax = 7;

export function brokerOf(cluster: DoorCluster, target: Target): Broker {
  return {
    isConnected: () => cluster.isConnected(),
    connect: () => cluster.connect(),
    // Connections are the cluster's, and closed with it.
    disconnect: async () => {},
    apiVersions: async () => {
      const answer = await cluster.request(target, 'apiVersions', {});
      const versions: ApiVersions = {};
      for (const { apiKey, minVersion, maxVersion } of answer.apiKeys) versions[apiKey] = { minVersion, maxVersion };
      return versions;
    },
    metadata: async (topics) => await cluster.askMetadata(target, topics),
    describeGroups: async ({ groupIds }) => {
      const { groups } = await cluster.request(target, 'describeGroups', { groups: groupIds }, { versionMax: 5 });
      for (const { errorCode } of groups) check(errorCode);
      return {
        groups: groups.map(({ groupState, protocolData, ...group }) => ({
          ...group,
          state: groupState,
          protocol: protocolData,
        })),
      };
    },
    offsetFetch: async ({ groupId, topics }) => {
      const wanted = topics.map(({ topic, partitions }) => ({
        name: topic,
        partitionIndexes: partitions.map(({ partition }) => partition),
      }));
      const request = { groupId, topics: wanted };
      const answer = await cluster.request(target, 'offsetFetch', request, { versionMax: fetchVersionMax });
      check(answer.errorCode);
      const responses = answer.topics.map(({ name, partitions }) => ({
        topic: name,
        partitions: partitions.map(({ partitionIndex, committedOffset, metadata, errorCode }) => {
          check(errorCode);
          return { partition: partitionIndex, offset: String(committedOffset), metadata, errorCode };
        }),
      }));
      return { responses };
    },
    offsetCommit: async ({ groupId, groupGenerationId, memberId, topics }) => {
      const named = topics.map(({ topic, partitions }) => ({
        name: topic,
        partitions: partitions.map(({ partition, offset }) => ({
          partitionIndex: partition,
          committedOffset: BigInt(offset),
          committedMetadata: null,
        })),
      }));
      const request = { groupId, generationIdOrMemberEpoch: groupGenerationId, memberId, topics: named };
      const answer = await cluster.request(target, 'offsetCommit', request, { versionMax: commitVersionMax });
      for (const { partitions } of answer.topics) for (const { errorCode } of partitions) check(errorCode);
      return {
        responses: answer.topics.map(({ name, partitions }) => ({
          topic: name,
          partitions: partitions.map(({ partitionIndex, errorCode }) => ({ partition: partitionIndex, errorCode })),
        })),
      };
    },
    fetch: async () => notSpoken('fetch'),
    produce: async () => notSpoken('produce'),
    alterPartitionReassignments: async (request) => await alterReassignments(cluster, target, request),
    listPartitionReassignments: async (request) => await listReassignments(cluster, target, request),
  };
}

function notSpoken(call: string): never {
  throw new KafkaJSNotImplemented(`"${call}" of a broker is not there; producers and consumers do that.`);
}
