/** The admin's surface: one function a call, by noun in the files beside. */
import type { DoorCluster } from '../cluster.ts';
import { adminEvents as events, type Instrumentation } from '../events.ts';
import type { Logger } from '../logger.ts';
import type { RetryOptions } from '../retry.ts';
import type { Admin } from '../types/admin.ts';
import { aclCalls } from './acls.ts';
import { configCalls } from './configs.ts';
import { groupCalls } from './groups.ts';
import { offsetCalls } from './offsets.ts';
import { reassignmentCalls } from './reassignments.ts';
import { recordCalls } from './records.ts';
import { topicCalls } from './topics.ts';

export interface AdminParts {
  readonly cluster: DoorCluster;
  readonly logger: Logger;
  readonly instrumentation: Instrumentation;
  readonly retry: RetryOptions;
}

export function createAdmin(parts: AdminParts): Admin {
  const { cluster, logger, instrumentation } = parts;
  const offsets = offsetCalls(parts);
  return {
    connect: async () => {
      await cluster.connect();
      instrumentation.emit(events.CONNECT);
    },
    disconnect: async () => {
      await cluster.disconnect();
      instrumentation.emit(events.DISCONNECT);
    },
    describeCluster: async () => {
      const { brokers, clusterId, controllerId } = await cluster.describeTopics([]);
      return {
        brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
        controller: controllerId < 0 ? null : controllerId,
        clusterId: clusterId ?? '',
      };
    },
    ...topicCalls(parts),
    ...offsets,
    ...recordCalls(parts, offsets.fetchTopicOffsets),
    ...configCalls(parts),
    ...groupCalls(parts),
    ...aclCalls(parts),
    ...reassignmentCalls(parts),
    events,
    on: ((name: string, listener: () => void) => instrumentation.on(name, listener)) as Admin['on'],
    logger: () => logger,
  };
}
