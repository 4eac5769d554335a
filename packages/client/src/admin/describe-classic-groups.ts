import type { Cluster, Target } from '../cluster/cluster.ts';
import type { BrokerNode } from '../cluster/topic-metadata.ts';
import type { TopicPartition } from '../record.ts';
import type { AclOperation } from './acl-words.ts';
import { operationsOf } from './authorized-operations.ts';
import { Call, type CallOptions } from './call.ts';
import { type Fates, runErrand } from './errand.ts';
import { coordinatorOf, type GroupState, groupStateOf, toGroups, whatOfGroup } from './groups.ts';
import { assignmentOf } from './member-assignment.ts';

export interface DescribeGroupsOptions extends CallOptions {
  /** Also what this client may do with them. */
  readonly includeAuthorizedOperations?: boolean | undefined;
}

export interface ClassicGroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  /** What it told the others when it joined, as bytes. */
  readonly memberMetadata: Buffer;
  /** What it was given, as bytes. */
  readonly memberAssignment: Buffer;
  /** The same in partitions, of a consumer; empty where it is something else. */
  readonly assignment: readonly TopicPartition[];
}

export interface ClassicGroupDescription {
  readonly groupId: string;
  readonly state: GroupState;
  /** `consumer`, `connect`, …; empty when the group only commits offsets. */
  readonly protocolType: string;
  /** The assignor that was chosen; empty while there is none. */
  readonly protocol: string;
  readonly coordinator: BrokerNode;
  readonly members: readonly ClassicGroupMember[];
  readonly authorizedOperations: readonly AclOperation[] | undefined;
}

export function describeClassicGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
): Promise<ClassicGroupDescription[]> {
  return Call.run(cluster, 'Describing groups', options, (call) =>
    runErrand<string, ClassicGroupDescription>(call, groupIds, {
      nameOf: (groupId) => groupId,
      what: whatOfGroup('Describing'),
      route: toGroups,
      ask: (target, share, fates) => askClassic(call, target, share, options, fates),
    }),
  );
}

/** A group that is not there is GROUP_ID_NOT_FOUND since version 6, before that one that is Dead. */
export async function askClassic(
  call: Call,
  target: Target,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
  fates: Pick<Fates<ClassicGroupDescription>, 'take'>,
): Promise<void> {
  const { groups } = await call.request(target, 'describeGroups', {
    groups: groupIds,
    ...(options.includeAuthorizedOperations === true ? { includeAuthorizedOperations: true } : {}),
  });
  const coordinator = await coordinatorOf(call, groupIds[0]!);
  for (const group of groups)
    fates.take(group.groupId, group.errorCode, group.errorMessage, () => ({
      groupId: group.groupId,
      state: groupStateOf(group.groupState),
      protocolType: group.protocolType,
      protocol: group.protocolData,
      coordinator,
      members: group.members.map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        host: member.clientHost,
        memberMetadata: member.memberMetadata,
        memberAssignment: member.memberAssignment,
        assignment: (group.protocolType === 'consumer' ? assignmentOf(member.memberAssignment) : undefined) ?? [],
      })),
      authorizedOperations: operationsOf(group.authorizedOperations),
    }));
}
