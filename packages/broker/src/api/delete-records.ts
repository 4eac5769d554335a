/** DeleteRecords (21), versions 0 to 2. In: an offset per partition, −1 for the high watermark. Out: where the log begins now, once that is on disk. */
import { apis, errors, type DeleteRecordsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

type DeleteRecordsAnswer = Exclude<Awaited<Answer<typeof apis.deleteRecords>>, symbol>;
type PartitionResult = DeleteRecordsAnswer['topics'][number]['partitions'][number];

export function deleteRecords(doors: Doors, request: DeleteRecordsRequest): Answer<typeof apis.deleteRecords> {
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, offset }) => deleteOne(doors, name, partitionIndex, offset)),
  }));
  for (const directory of doors.directories) if (directory.failure === undefined) directory.checkpoint();
  return { throttleTimeMs: 0, topics };
}

function deleteOne(doors: Doors, name: string, partitionIndex: number, offset: number): PartitionResult {
  const refuse = (errorCode: number): PartitionResult => ({ partitionIndex, lowWatermark: -1, errorCode });
  const partition = doors.partitions.byName(name, partitionIndex);
  if (doors.partitions.isInternal(name)) return refuse(errors.INVALID_TOPIC_EXCEPTION);
  if (partition === undefined) return refuse(errors.UNKNOWN_TOPIC_OR_PARTITION);
  if (!doors.settings.ofTopic(name).log.isDeleted) return refuse(errors.POLICY_VIOLATION);
  const target = offset === -1 ? partition.highWatermark : offset;
  if (target < 0 || target > partition.highWatermark) return refuse(errors.OFFSET_OUT_OF_RANGE);
  partition.log.deleteRecordsBefore(target);
  return { partitionIndex, lowWatermark: partition.log.startOffset, errorCode: errors.NONE };
}
