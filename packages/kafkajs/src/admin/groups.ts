/** Groups: listed, described, deleted. */
import { check, protocolError } from '../broker-errors.ts';
import { describeGroup } from '../consumer/consumer.ts';
import { KafkaJSDeleteGroupsError } from '../errors.ts';
import { retrier } from '../retry.ts';
import type { Admin, DeleteGroupsResult } from '../types/admin.ts';
import type { AdminParts } from './admin.ts';
import { checkList, wrong } from './checks.ts';

type GroupCalls = Pick<Admin, 'listGroups' | 'describeGroups' | 'deleteGroups'>;

export function groupCalls(parts: AdminParts): GroupCalls {
  const { cluster, retry } = parts;
  return {
    listGroups: async () => {
      await cluster.refreshMetadata();
      const answers = await Promise.all(
        cluster.nodeIds.map(async (node) => {
          const { errorCode, groups } = await cluster.request(node, 'listGroups', {});
          check(errorCode);
          return groups.map(({ groupId, protocolType }) => ({ groupId, protocolType }));
        }),
      );
      return { groups: answers.flat() };
    },
    describeGroups: async (groupIds) => ({
      groups: await Promise.all(groupIds.map(async (groupId) => await describeGroup(cluster, groupId, retry))),
    }),
    deleteGroups: async (groupIds) => {
      checkList('"groupIds"', groupIds);
      for (const groupId of groupIds) if (typeof groupId !== 'string') wrong(`"groupIds" has a ${typeof groupId}.`);
      if (groupIds.length === 0) return [];
      return await retrier(retry)(async (bail) => {
        try {
          return await deleteGroups(parts, groupIds);
        } catch (error) {
          const { type } = error as { type?: string };
          if (type !== 'GROUP_COORDINATOR_NOT_AVAILABLE' && type !== 'NOT_COORDINATOR_FOR_GROUP') bail(error);
          throw error;
        }
      });
    },
  };
}

async function deleteGroups({ cluster }: AdminParts, groupIds: readonly string[]): Promise<DeleteGroupsResult[]> {
  await cluster.refreshMetadata();
  const results = await Promise.all(
    groupIds.map(async (groupId) => {
      cluster.forgetCoordinator('group', groupId);
      const answer = await cluster.request({ type: 'group', key: groupId }, 'deleteGroups', { groupsNames: [groupId] });
      return answer.results[0]!;
    }),
  );
  const failed = results.filter(({ errorCode }) => errorCode !== 0);
  if (failed.length === 0) return results.map(({ groupId, errorCode }) => ({ groupId, errorCode }));
  const failures = failed.map(({ groupId, errorCode }) => ({ groupId, errorCode, error: protocolError(errorCode) }));
  throw new KafkaJSDeleteGroupsError('Some groups could not be deleted.', failures);
}
