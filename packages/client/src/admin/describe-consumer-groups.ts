import { errors, type ExactResponse } from '@millrace/protocol';

import type { Cluster, Target } from '../cluster/cluster.ts';
import type { BrokerNode } from '../cluster/topic-metadata.ts';
import { ClientError, isClientError } from '../error.ts';
import type { TopicPartition } from '../record.ts';
import type { AclOperation } from './acl-words.ts';
import { Call } from './call.ts';
import { askClassic, type ClassicGroupDescription, type DescribeGroupsOptions } from './describe-classic-groups.ts';
import { describedGroup } from './describe-groups.ts';
import { type Fates, runErrand } from './errand.ts';
import { coordinatorOf, type GroupState, toGroups, whatOfGroup } from './groups.ts';

export interface ConsumerGroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly assignment: readonly TopicPartition[];
  /** What it is to have; undefined in classic groups. */
  readonly targetAssignment: readonly TopicPartition[] | undefined;
  /** Undefined in classic groups. */
  readonly memberEpoch: number | undefined;
  /** Whether it speaks the protocol of KIP-848; undefined where the broker does not tell. */
  readonly isUpgraded: boolean | undefined;
}

export interface ConsumerGroupDescription {
  readonly groupId: string;
  readonly type: 'consumer' | 'classic';
  readonly state: GroupState;
  /** It has no protocol: somebody only commits offsets under its name. */
  readonly isSimple: boolean;
  readonly partitionAssignor: string;
  readonly coordinator: BrokerNode;
  readonly members: readonly ConsumerGroupMember[];
  /** Undefined in classic groups. */
  readonly groupEpoch: number | undefined;
  readonly targetAssignmentEpoch: number | undefined;
  readonly authorizedOperations: readonly AclOperation[] | undefined;
}

/** Asked for as groups of KIP-848 first; what is none, or where a broker knows none, is asked for as a classic group. */
export function describeConsumerGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
): Promise<ConsumerGroupDescription[]> {
  return Call.run(cluster, 'Describing consumer groups', options, (call) =>
    runErrand<string, ConsumerGroupDescription>(call, groupIds, {
      nameOf: (groupId) => groupId,
      what: whatOfGroup('Describing'),
      route: toGroups,
      async ask(target, share, fates) {
        const others = await askConsumer(call, target, share, options, fates).catch((error: unknown) => {
          if (isClientError(error) && error.code === 'UNSUPPORTED') return share;
          throw error;
        });
        if (others.length === 0) return;
        await askClassic(call, target, others, options, {
          take: (groupId, errorCode, said, description) => {
            const group = errorCode === 0 ? description() : undefined;
            if (group === undefined || group.protocolType === 'consumer' || group.protocolType === '')
              fates.take(groupId, errorCode, said, () => ofClassic(group!));
            else
              fates.failures.set(
                groupId,
                new ClientError(
                  'GROUP_ID_NOT_FOUND',
                  `Group "${groupId}" is no consumer group, but of "${group.protocolType}".`,
                ),
              );
          },
        });
      },
    }),
  );
}

/** Gives those that are not groups of KIP-848. */
async function askConsumer(
  call: Call,
  target: Target,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
  fates: Fates<ConsumerGroupDescription>,
): Promise<string[]> {
  const { groups } = await call.request(target, 'consumerGroupDescribe', {
    groupIds,
    includeAuthorizedOperations: options.includeAuthorizedOperations ?? false,
  });
  const coordinator = await coordinatorOf(call, groupIds[0]!);
  const others: string[] = [];
  for (const group of groups) {
    if (group.errorCode === errors.GROUP_ID_NOT_FOUND || group.errorCode === errors.UNSUPPORTED_VERSION)
      others.push(group.groupId);
    else fates.take(group.groupId, group.errorCode, group.errorMessage, () => ofConsumer(group, coordinator));
  }
  return others;
}

type WireGroup = ExactResponse<'consumerGroupDescribe'>['groups'][number];
type WireAssignment = WireGroup['members'][number]['assignment'];

function ofConsumer(group: WireGroup, coordinator: BrokerNode): ConsumerGroupDescription {
  return {
    ...describedGroup(group, coordinator),
    type: 'consumer',
    isSimple: false,
    partitionAssignor: group.assignorName,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      rackId: member.rackId,
      clientId: member.clientId,
      host: member.clientHost,
      assignment: partitionsOf(member.assignment),
      targetAssignment: partitionsOf(member.targetAssignment),
      memberEpoch: member.memberEpoch,
      isUpgraded: member.memberType < 0 ? undefined : member.memberType === 1,
    })),
  };
}

function ofClassic({ protocol, protocolType, members, ...group }: ClassicGroupDescription): ConsumerGroupDescription {
  return {
    ...group,
    type: 'classic',
    isSimple: protocolType === '',
    partitionAssignor: protocol,
    members: members.map(({ memberId, groupInstanceId, clientId, host, assignment }) => ({
      memberId,
      groupInstanceId,
      rackId: null,
      clientId,
      host,
      assignment,
      targetAssignment: undefined,
      memberEpoch: undefined,
      isUpgraded: undefined,
    })),
    groupEpoch: undefined,
    targetAssignmentEpoch: undefined,
  };
}

export function partitionsOf({ topicPartitions }: WireAssignment): TopicPartition[] {
  return topicPartitions.flatMap(({ topicName: topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
