/** The records of consumer groups, byte for byte Apache Kafka's. A value of null: gone. */
import { encodeCoordinatorKey, encodeCoordinatorValue, groupRecords, type GroupRecord } from '@millrace/protocol';

import type {
  Assignment,
  ClassicTerms,
  CurrentAssignment,
  MemberState,
  OwnedPartitions,
  Subscription,
} from './member.ts';

/** The topics that a pattern matches. */
export interface ResolvedPattern {
  readonly topics: ReadonlySet<string>;
  /** The state of the topics that it was matched against. */
  readonly version: number;
  /** Wall clock. */
  readonly timestamp: number;
}

interface OfGroup {
  readonly group: string;
}

interface OfMember extends OfGroup {
  readonly memberId: string;
}

export type ConsumerRecord =
  | (OfGroup & {
      readonly type: 'ConsumerGroupMetadata';
      readonly value: { readonly epoch: number; readonly metadataHash: bigint } | null;
    })
  | (OfGroup & {
      /** Written by brokers before 4.1; we only remove it. */
      readonly type: 'ConsumerGroupPartitionMetadata';
      readonly value: object | null;
    })
  | (OfMember & { readonly type: 'ConsumerGroupMemberMetadata'; readonly value: Subscription | null })
  | (OfGroup & {
      readonly type: 'ConsumerGroupTargetAssignmentMetadata';
      readonly value: { readonly assignmentEpoch: number; readonly assignmentTimestamp: number } | null;
    })
  | (OfMember & { readonly type: 'ConsumerGroupTargetAssignmentMember'; readonly value: Assignment | null })
  | (OfMember & { readonly type: 'ConsumerGroupCurrentMemberAssignment'; readonly value: CurrentAssignment | null })
  | (OfGroup & {
      readonly type: 'ConsumerGroupRegularExpression';
      readonly pattern: string;
      readonly value: ResolvedPattern | null;
    });

const table = {
  metadata: groupRecords.consumerGroupMetadata,
  topics: groupRecords.consumerGroupPartitionMetadata,
  member: groupRecords.consumerGroupMemberMetadata,
  targets: groupRecords.consumerGroupTargetAssignmentMetadata,
  target: groupRecords.consumerGroupTargetAssignmentMember,
  current: groupRecords.consumerGroupCurrentMemberAssignment,
  pattern: groupRecords.consumerGroupRegularExpression,
} as const;

/** The tables by which they are read. */
export const consumerRecordTable = Object.values(table);
/** Kafka 4.3 writes version 0 of all of them. */
const version = 0;

type Decoded = Extract<GroupRecord, { readonly name: ConsumerRecord['type'] }>;

const stateCodes: { readonly [K in MemberState]: number } = {
  STABLE: 0,
  UNREVOKED_PARTITIONS: 1,
  UNRELEASED_PARTITIONS: 2,
  UNKNOWN: 127,
};

export function consumerRecord(decoded: Decoded): ConsumerRecord {
  const { groupId: group } = decoded.key;
  switch (decoded.name) {
    case 'ConsumerGroupMetadata':
      return { type: decoded.name, group, value: decoded.value };
    case 'ConsumerGroupPartitionMetadata':
      return { type: decoded.name, group, value: decoded.value && {} };
    case 'ConsumerGroupTargetAssignmentMetadata':
      return { type: decoded.name, group, value: decoded.value };
    case 'ConsumerGroupMemberMetadata':
      return {
        type: decoded.name,
        group,
        memberId: decoded.key.memberId,
        value: decoded.value && subscription(decoded.value),
      };
    case 'ConsumerGroupTargetAssignmentMember': {
      const value = decoded.value && assignment(decoded.value.topicPartitions);
      return { type: decoded.name, group, memberId: decoded.key.memberId, value };
    }
    case 'ConsumerGroupCurrentMemberAssignment': {
      const value = decoded.value && current(decoded.value);
      return { type: decoded.name, group, memberId: decoded.key.memberId, value };
    }
    case 'ConsumerGroupRegularExpression': {
      const value = decoded.value && { ...decoded.value, topics: new Set(decoded.value.topics) };
      return { type: decoded.name, group, pattern: decoded.key.regularExpression, value };
    }
  }
}

export function consumerKey(record: ConsumerRecord): Uint8Array {
  const { group: groupId } = record;
  switch (record.type) {
    case 'ConsumerGroupMetadata':
      return encodeCoordinatorKey(table.metadata, { groupId });
    case 'ConsumerGroupPartitionMetadata':
      return encodeCoordinatorKey(table.topics, { groupId });
    case 'ConsumerGroupTargetAssignmentMetadata':
      return encodeCoordinatorKey(table.targets, { groupId });
    case 'ConsumerGroupMemberMetadata':
      return encodeCoordinatorKey(table.member, { groupId, memberId: record.memberId });
    case 'ConsumerGroupTargetAssignmentMember':
      return encodeCoordinatorKey(table.target, { groupId, memberId: record.memberId });
    case 'ConsumerGroupCurrentMemberAssignment':
      return encodeCoordinatorKey(table.current, { groupId, memberId: record.memberId });
    case 'ConsumerGroupRegularExpression':
      return encodeCoordinatorKey(table.pattern, { groupId, regularExpression: record.pattern });
  }
}

export function consumerValue(record: ConsumerRecord): Uint8Array | null {
  if (record.value === null) return null;
  switch (record.type) {
    case 'ConsumerGroupMetadata':
      return encodeCoordinatorValue(table.metadata, version, record.value);
    case 'ConsumerGroupPartitionMetadata':
      return encodeCoordinatorValue(table.topics, version, { topics: [] });
    case 'ConsumerGroupTargetAssignmentMetadata':
      return encodeCoordinatorValue(table.targets, version, record.value);
    case 'ConsumerGroupMemberMetadata':
      return encodeCoordinatorValue(table.member, version, storedSubscription(record.value));
    case 'ConsumerGroupTargetAssignmentMember': {
      const topicPartitions = [...record.value].map(([topicId, partitions]) => ({
        topicId,
        partitions: ascending(partitions),
      }));
      return encodeCoordinatorValue(table.target, version, { topicPartitions });
    }
    case 'ConsumerGroupCurrentMemberAssignment':
      return encodeCoordinatorValue(table.current, version, storedCurrent(record.value));
    case 'ConsumerGroupRegularExpression':
      return encodeCoordinatorValue(table.pattern, version, {
        ...record.value,
        topics: [...record.value.topics].sort(),
      });
  }
}

type DecodedValue<N extends Decoded['name']> = NonNullable<Extract<Decoded, { readonly name: N }>['value']>;

function subscription(value: DecodedValue<'ConsumerGroupMemberMetadata'>): Subscription {
  return {
    instanceId: value.instanceId,
    rackId: value.rackId,
    clientId: value.clientId,
    clientHost: value.clientHost,
    topics: value.subscribedTopicNames,
    pattern: value.subscribedTopicRegex,
    rebalanceTimeoutMs: value.rebalanceTimeoutMs,
    assignor: value.serverAssignor,
    classic: value.classicMemberMetadata && classicTerms(value.classicMemberMetadata),
  };
}

/** Its bytes lie in a buffer that is read into again. */
function classicTerms({
  sessionTimeoutMs,
  supportedProtocols,
}: NonNullable<DecodedValue<'ConsumerGroupMemberMetadata'>['classicMemberMetadata']>): ClassicTerms {
  const protocols = supportedProtocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }));
  return { sessionTimeoutMs, protocols };
}

function storedSubscription(value: Subscription): Parameters<typeof encodeCoordinatorValue<typeof table.member>>[2] {
  const { classic, topics, pattern, assignor, ...same } = value;
  return {
    ...same,
    subscribedTopicNames: topics,
    subscribedTopicRegex: pattern,
    serverAssignor: assignor,
    classicMemberMetadata: classic && {
      sessionTimeoutMs: classic.sessionTimeoutMs,
      supportedProtocols: classic.protocols,
    },
  };
}

function assignment(
  topicPartitions: DecodedValue<'ConsumerGroupTargetAssignmentMember'>['topicPartitions'],
): Assignment {
  return new Map(topicPartitions.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
}

function current(value: DecodedValue<'ConsumerGroupCurrentMemberAssignment'>): CurrentAssignment {
  const { memberEpoch } = value;
  return {
    epoch: memberEpoch,
    previousEpoch: value.previousMemberEpoch,
    state: stateOf(value.state),
    assigned: owned(value.assignedPartitions, memberEpoch),
    revoking: owned(value.partitionsPendingRevocation, memberEpoch),
  };
}

/** Brokers before 4.3 did not say since when: then since now. */
function owned(
  topicPartitions: DecodedValue<'ConsumerGroupCurrentMemberAssignment'>['assignedPartitions'],
  memberEpoch: number,
): OwnedPartitions {
  return new Map(
    topicPartitions.map(({ topicId, partitions, assignmentEpochs }) => [
      topicId,
      new Map(partitions.map((partition, index) => [partition, assignmentEpochs?.[index] ?? memberEpoch])),
    ]),
  );
}

function storedCurrent(value: CurrentAssignment): Parameters<typeof encodeCoordinatorValue<typeof table.current>>[2] {
  return {
    memberEpoch: value.epoch,
    previousMemberEpoch: value.previousEpoch,
    state: stateCodes[value.state],
    assignedPartitions: storedPartitions(value.assigned),
    partitionsPendingRevocation: storedPartitions(value.revoking),
  };
}

function storedPartitions(
  owned: OwnedPartitions,
): { topicId: string; partitions: number[]; assignmentEpochs: number[] }[] {
  return [...owned].map(([topicId, held]) => {
    const partitions = ascending(held.keys());
    return { topicId, partitions, assignmentEpochs: partitions.map((partition) => held.get(partition) ?? 0) };
  });
}

function stateOf(code: number): MemberState {
  for (const state of Object.keys(stateCodes) as MemberState[]) if (stateCodes[state] === code) return state;
  return 'UNKNOWN';
}

function ascending(partitions: Iterable<number>): number[] {
  return [...partitions].sort((left, right) => left - right);
}
