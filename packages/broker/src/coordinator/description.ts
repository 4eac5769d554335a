/** How a group looks to tools. */
import type { ClassicGroup, GroupState } from './group.ts';
import { noBytes } from './member.ts';

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
  readonly groupState: GroupState;
  readonly protocolType: string;
  /** The chosen protocol, once the group is stable. */
  readonly protocolData: string;
  readonly members: readonly DescribedMember[];
}

export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly groupState: GroupState;
  readonly groupType: string;
}

/** In lower case; an empty set lets all through. */
export interface GroupFilter {
  readonly states: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
}

const groupType = 'classic';

export function describeGroup(group: ClassicGroup | undefined): DescribedGroup {
  if (group === undefined)
    return { isFound: false, groupState: 'Dead', protocolType: '', protocolData: '', members: [] };
  const protocolName = group.state === 'Stable' ? group.protocolName : undefined;
  return {
    isFound: true,
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

export function listed(group: ClassicGroup): ListedGroup {
  return { groupId: group.id, protocolType: group.protocolType ?? '', groupState: group.state, groupType };
}

export function isListed(group: ClassicGroup, { states, types }: GroupFilter): boolean {
  return (states.size === 0 || states.has(group.state.toLowerCase())) && (types.size === 0 || types.has(groupType));
}
