/** OffsetForLeaderEpoch (23), versions 2 to 4. In: an epoch per partition. Out: where that epoch ends, so that a reader sees whether its log was cut (KIP-320). */
import { apis, errors, type OffsetForLeaderEpochRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

export function offsetForLeaderEpoch(
  doors: Doors,
  request: OffsetForLeaderEpochRequest,
): Answer<typeof apis.offsetForLeaderEpoch> {
  return {
    throttleTimeMs: 0,
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const partition = doors.partitions.byName(topic, index);
        if (partition === undefined) return { partition: index, errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION };
        const errorCode = partition.checkLeaderEpoch(currentLeaderEpoch);
        if (errorCode !== errors.NONE) return { partition: index, errorCode };
        const { epoch, endOffset } = partition.log.endOffsetForEpoch(leaderEpoch);
        return { partition: index, errorCode, leaderEpoch: epoch, endOffset };
      }),
    })),
  };
}
