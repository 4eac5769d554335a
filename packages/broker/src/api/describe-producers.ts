/** DescribeProducers (61), version 0. In: partitions. Out: the producers whose state is kept there. */
import { apis, errors, type DescribeProducersRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

export function describeProducers(
  doors: Doors,
  request: DescribeProducersRequest,
): Answer<typeof apis.describeProducers> {
  return {
    throttleTimeMs: 0,
    topics: request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => {
        const partition = doors.partitions.byName(name, partitionIndex);
        if (partition === undefined)
          return { partitionIndex, errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION, activeProducers: [] };
        return {
          partitionIndex,
          errorCode: errors.NONE,
          activeProducers: partition.log.activeProducers().map((producer) => ({
            producerId: producer.producerId,
            producerEpoch: producer.epoch,
            lastSequence: producer.lastSequence,
            lastTimestamp: producer.lastTimestampMs,
            coordinatorEpoch: producer.coordinatorEpoch,
            currentTxnStartOffset: producer.transactionFirstOffset,
          })),
        };
      }),
    })),
  };
}
