import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions } from './call.ts';
import { runErrand } from './errand.ts';
import { toGroups, whatOfGroup } from './groups.ts';

/** Groups of every type: only those without members can go, and their offsets go with them. */
export async function deleteGroups(cluster: Cluster, groupIds: readonly string[], options: CallOptions): Promise<void> {
  await Call.run(cluster, 'Deleting groups', options, (call) =>
    runErrand<string, true>(call, groupIds, {
      nameOf: (groupId) => groupId,
      what: whatOfGroup('Deleting'),
      route: toGroups,
      async ask(target, share, fates) {
        const { results } = await call.request(target, 'deleteGroups', { groupsNames: share });
        for (const { groupId, errorCode, errorMessage } of results)
          fates.take(groupId, errorCode, errorMessage, () => true);
      },
    }),
  );
}
