import { type ExactResponse } from '@millrace/protocol';

import type { Cluster, Target } from '../cluster/cluster.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { describeConsumerGroups } from './describe-consumer-groups.ts';
import { runErrand } from './errand.ts';
import { toCoordinators } from './routes.ts';

/** A static member by its `group.instance.id`, or any by its member id. */
export type MemberToRemove = { readonly groupInstanceId: string } | { readonly memberId: string };

export interface RemoveMembersOptions extends CallOptions {
  /** All of them when left out. */
  readonly members?: readonly MemberToRemove[] | undefined;
  /** What the broker logs. */
  readonly reason?: string | undefined;
}

interface Leaving {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export async function removeMembersFromConsumerGroup(
  cluster: Cluster,
  groupId: string,
  options: RemoveMembersOptions,
): Promise<void> {
  const { members, reason = 'member was removed by an admin', ...rest } = options;
  const leaving = members?.map(leavingOf) ?? (await everyMember(cluster, groupId, rest));
  const route = toCoordinators<Leaving>('group', () => groupId);
  await Call.run(cluster, `Removing members of group "${groupId}"`, rest, (call) =>
    runErrand<Leaving, true>(call, leaving, {
      nameOf: ({ memberId, groupInstanceId }) => groupInstanceId ?? memberId,
      what: ({ memberId, groupInstanceId }) =>
        `Removing member "${groupInstanceId ?? memberId}" from group "${groupId}"`,
      route,
      async ask(target, share, fates) {
        const { errorCode, members: answered } = await leave(call, target, groupId, share, reason);
        checkAnswer(errorCode, `Removing members from group "${groupId}"`);
        for (const member of answered)
          fates.take(member.groupInstanceId ?? member.memberId, member.errorCode, null, () => true);
      },
    }),
  );
}

function leave(
  call: Call,
  target: Target,
  groupId: string,
  members: readonly Leaving[],
  reason: string,
): Promise<ExactResponse<'leaveGroup'>> {
  return call.request(target, 'leaveGroup', { groupId, members: members.map((member) => ({ ...member, reason })) });
}

function leavingOf(member: MemberToRemove): Leaving {
  return 'memberId' in member
    ? { memberId: member.memberId, groupInstanceId: null }
    : { memberId: '', groupInstanceId: member.groupInstanceId };
}

async function everyMember(cluster: Cluster, groupId: string, options: CallOptions): Promise<Leaving[]> {
  const [group] = await describeConsumerGroups(cluster, [groupId], options);
  return group!.members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId }));
}
