/** DescribeProducers (61), version 0. In: partitions. Out: the producers whose state is kept there, and where their open transactions begin. */
import { apis, errors, type DescribeProducersRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

const noSuchTopic = 'This server does not host this topic-partition.';

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
        if (partition === undefined) {
          // Kafka has words for a topic that is not there, and none for a partition.
          const errorMessage = doors.image.topic(name) === undefined ? noSuchTopic : null;
          return { partitionIndex, errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION, errorMessage, activeProducers: [] };
        }
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
