/** ConsumerGroupDescribe of one group: everything that its members see, and where they are to get. */
import type { TopicsView } from '../environment.ts';
import type { ConsumerGroup } from './group.ts';
import type { Assignment, ConsumerMember } from './member.ts';

interface DescribedPartitions {
  readonly topicId: string;
  readonly topicName: string;
  readonly partitions: readonly number[];
}

export interface DescribedConsumerGroup {
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly rackId: string | null;
    readonly memberEpoch: number;
    readonly clientId: string;
    readonly clientHost: string;
    readonly subscribedTopicNames: readonly string[];
    readonly subscribedTopicRegex: string | null;
    readonly assignment: { readonly topicPartitions: readonly DescribedPartitions[] };
    readonly targetAssignment: { readonly topicPartitions: readonly DescribedPartitions[] };
    readonly memberType: number;
  }[];
}

const memberTypes = { classic: 0, consumer: 1 } as const;

export function describeConsumerGroup(group: ConsumerGroup): DescribedConsumerGroup {
  const { settings } = group.environment;
  return {
    groupId: group.id,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: group.preferredAssignor() ?? settings.consumer.assignors[0] ?? '',
    members: Array.from(group.members.values(), (member) => describeMember(group, member)),
  };
}

function describeMember(group: ConsumerGroup, member: ConsumerMember): DescribedConsumerGroup['members'][number] {
  const { topics } = group.environment;
  return {
    memberId: member.id,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: member.topics,
    subscribedTopicRegex: member.pattern,
    assignment: { topicPartitions: named(held(member), topics) },
    targetAssignment: { topicPartitions: named(group.targets.get(member.id) ?? new Map(), topics) },
    memberType: member.classic === null ? memberTypes.consumer : memberTypes.classic,
  };
}

/** What it was told to give up it holds still. */
function held({ assigned, revoking }: ConsumerMember): Assignment {
  const all = new Map<string, Set<number>>();
  for (const partitions of [assigned, revoking]) {
    for (const [topicId, owned] of partitions)
      all.set(topicId, new Set([...(all.get(topicId) ?? []), ...owned.keys()]));
  }
  return all;
}

function named(assignment: Assignment, topics: TopicsView): DescribedPartitions[] {
  return [...assignment].flatMap(([topicId, partitions]) => {
    const known = topics.topicById(topicId);
    if (known === undefined) return [];
    return [{ topicId, topicName: known.name, partitions: [...partitions].sort((left, right) => left - right) }];
  });
}
