import { consumerProtocolAssignment, DecodeError, decodeVersioned } from '@millrace/protocol';

import type { TopicPartition } from '../record.ts';

/** What a member of a classic consumer group was given. Undefined: it is not in the form of Kafka's own consumers. */
export function assignmentOf(bytes: Uint8Array): readonly TopicPartition[] | undefined {
  if (bytes.length === 0) return [];
  try {
    const { assignedPartitions } = decodeVersioned(consumerProtocolAssignment, bytes);
    return assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
