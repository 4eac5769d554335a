import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { type GroupState, groupStateOf, type GroupType, groupTypeOf } from './groups.ts';
import { everyBroker, isCoordinators } from './routes.ts';

export interface ListGroupsOptions extends CallOptions {
  /** Only groups in these states. */
  readonly states?: readonly GroupState[] | undefined;
  /** Only groups of these types. */
  readonly types?: readonly GroupType[] | undefined;
  /** Only groups of these protocol types; empty text: groups that only commit offsets. */
  readonly protocolTypes?: readonly string[] | undefined;
}

export interface GroupListing {
  readonly groupId: string;
  /** `consumer`, `connect`, …; empty when the group only commits offsets. */
  readonly protocolType: string;
  readonly state: GroupState;
  /** Undefined: the broker does not tell. */
  readonly type: GroupType | undefined;
}

/** Every broker lists those that it coordinates. */
export async function listGroups(cluster: Cluster, options: ListGroupsOptions): Promise<GroupListing[]> {
  const { states = [], types = [], protocolTypes } = options;
  const lists = await Call.run(cluster, 'Listing groups', options, (call) =>
    everyBroker(
      call,
      async (brokerId) => {
        const { errorCode, groups } = await call.request(brokerId, 'listGroups', (version) => ({
          statesFilter: states,
          // Before types there was one.
          typesFilter: version < 5 && types.every((type) => type === 'classic') ? [] : types,
        }));
        checkAnswer(errorCode, `Listing the groups of broker ${brokerId}`);
        return groups;
      },
      isCoordinators,
    ),
  );
  // A group that moves while brokers are asked may be listed twice.
  const byId = new Map<string, GroupListing>();
  for (const { groupId, protocolType, groupState, groupType } of lists.flat()) {
    if (protocolTypes !== undefined && !protocolTypes.includes(protocolType)) continue;
    byId.set(groupId, { groupId, protocolType, state: groupStateOf(groupState), type: groupTypeOf(groupType) });
  }
  return [...byId.values()];
}
