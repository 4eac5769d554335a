/** How a group looks to tools. */
import type { ConsumerGroupState } from './consumer/group.ts';
import type { GroupState } from './group.ts';
import { noBytes } from './member.ts';
import type { Group } from './shard.ts';

interface DescribedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly memberMetadata: Buffer;
  readonly memberAssignment: Buffer;
}

export interface DescribedGroup {
  readonly isFound: boolean;
  /** There is one of that name, and it is no classic group. */
  readonly isOfOtherKind: boolean;
  readonly groupState: GroupState;
  readonly protocolType: string;
  /** The chosen protocol, once the group is stable. */
  readonly protocolData: string;
  readonly members: readonly DescribedMember[];
}

export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly groupState: GroupState | ConsumerGroupState;
  readonly groupType: string;
}

/** In lower case; an empty set lets all through. */
export interface GroupFilter {
  readonly states: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
}

export function describeGroup(group: Group | undefined): DescribedGroup {
  if (group?.kind !== 'classic')
    return {
      isFound: false,
      isOfOtherKind: group !== undefined,
      groupState: 'Dead',
      protocolType: '',
      protocolData: '',
      members: [],
    };
  const protocolName = group.state === 'Stable' ? group.protocolName : undefined;
  return {
    isFound: true,
    isOfOtherKind: false,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: protocolName ?? '',
    // What members sent and got is told once it stands.
    members: [...group.members.values()].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: protocolName === undefined ? noBytes : member.metadata(protocolName),
      memberAssignment: protocolName === undefined ? noBytes : member.assignment,
    })),
  };
}

export function listed({ id, protocolType, state, kind }: Group): ListedGroup {
  return { groupId: id, protocolType: protocolType ?? '', groupState: state, groupType: kind };
}

export function isListed({ state, kind }: Group, { states, types }: GroupFilter): boolean {
  return (states.size === 0 || states.has(state.toLowerCase())) && (types.size === 0 || types.has(kind));
}
