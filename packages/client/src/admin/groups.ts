/** Words of all kinds of groups. */
import type { BrokerNode } from '../cluster/topic-metadata.ts';
import type { Call } from './call.ts';
import type { Route } from './errand.ts';
import { toCoordinators } from './routes.ts';

export type GroupType = 'classic' | 'consumer' | 'share' | 'streams';

/** As the broker says it; `Unknown` where an old one does not say. */
export type GroupState =
  | 'Unknown'
  | 'PreparingRebalance'
  | 'CompletingRebalance'
  | 'Stable'
  | 'Dead'
  | 'Empty'
  | 'Assigning'
  | 'Reconciling'
  | 'NotReady';

const groupTypes: readonly string[] = ['classic', 'consumer', 'share', 'streams'] satisfies GroupType[];

export function groupTypeOf(text: string): GroupType | undefined {
  const lower = text.toLowerCase();
  return groupTypes.includes(lower) ? (lower as GroupType) : undefined;
}

export function groupStateOf(text: string): GroupState {
  return text === '' ? 'Unknown' : (text as GroupState);
}

/** To the coordinators of groups by their ids. */
export const toGroups: Route<string> = toCoordinators('group', (groupId) => groupId);

export const whatOfGroup =
  (doing: string) =>
  (groupId: string): string =>
    `${doing} group "${groupId}"`;

export function coordinatorOf(call: Call, groupId: string): Promise<BrokerNode> {
  return call.wait(call.cluster.coordinators.find('group', groupId));
}
