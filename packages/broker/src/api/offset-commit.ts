/**
 * OffsetCommit (8), versions 2 to 10. In: offsets per partition, topics by name and since 10 by id. Out: a code per partition. What
 * fails for the group as a whole fails for every partition.
 */
import { apis, type OffsetCommitRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { callerOf } from '../coordinator/caller.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';
import { OffsetTopics } from './offset-topics.ts';

const topicIdsSince = 10;

export function offsetCommit(
  doors: GroupDoors,
  request: OffsetCommitRequest,
  exchange: Exchange,
): Answer<typeof apis.offsetCommit> {
  const topics = new OffsetTopics(doors.image, request.topics, exchange.apiVersion >= topicIdsSince);
  if (topics.isAllUnknown) return topics.answered([]);
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId, retentionTimeMs } = request;
  const commit = { groupId, memberId, groupInstanceId, generationId, retentionTimeMs, topics: topics.known };
  doors.coordinator.commitOffsets(commit, callerOf(exchange), {
    answer: (answer) => doors.answer(exchange, topics.answered(answer)),
    fail: (errorCode) => doors.answer(exchange, topics.failed(errorCode)),
  });
  return later;
}
