/** Groups of the newer kinds, described by their coordinators: what all of them have, and, kind by kind, members and more. */
import type { Cluster, Target } from '../cluster/cluster.ts';
import type { BrokerNode } from '../cluster/topic-metadata.ts';
import type { AclOperation } from './acl-words.ts';
import { operationsOf } from './authorized-operations.ts';
import { Call } from './call.ts';
import type { DescribeGroupsOptions } from './describe-classic-groups.ts';
import { runErrand } from './errand.ts';
import { coordinatorOf, type GroupState, groupStateOf, type GroupType, toGroups, whatOfGroup } from './groups.ts';

export interface GroupDescription {
  readonly groupId: string;
  readonly state: GroupState;
  readonly coordinator: BrokerNode;
  readonly groupEpoch: number;
  readonly targetAssignmentEpoch: number;
  readonly authorizedOperations: readonly AclOperation[] | undefined;
}

/** What the answers of all kinds have. */
interface WireGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly authorizedOperations: number;
}

export interface GroupKind<G extends WireGroup, More extends object> {
  readonly type: GroupType;
  readonly ask: (
    call: Call,
    target: Target,
    request: { readonly groupIds: readonly string[]; readonly includeAuthorizedOperations: boolean },
  ) => Promise<{ readonly groups: readonly G[] }>;
  readonly more: (group: G) => More;
}

export function describeGroups<G extends WireGroup, More extends object>(
  cluster: Cluster,
  groupIds: readonly string[],
  { includeAuthorizedOperations = false, ...options }: DescribeGroupsOptions,
  { type, ask, more }: GroupKind<G, More>,
): Promise<(GroupDescription & More)[]> {
  return Call.run(cluster, `Describing ${type} groups`, options, (call) =>
    runErrand<string, GroupDescription & More>(call, groupIds, {
      nameOf: (groupId) => groupId,
      what: whatOfGroup('Describing'),
      route: toGroups,
      async ask(target, share, fates) {
        const { groups } = await ask(call, target, { groupIds: share, includeAuthorizedOperations });
        const coordinator = await coordinatorOf(call, share[0]!);
        for (const group of groups)
          fates.take(group.groupId, group.errorCode, group.errorMessage, () => ({
            ...describedGroup(group, coordinator),
            ...more(group),
          }));
      },
    }),
  );
}

export function describedGroup(group: WireGroup, coordinator: BrokerNode): GroupDescription {
  return {
    groupId: group.groupId,
    state: groupStateOf(group.groupState),
    coordinator,
    groupEpoch: group.groupEpoch,
    targetAssignmentEpoch: group.assignmentEpoch,
    authorizedOperations: operationsOf(group.authorizedOperations),
  };
}
