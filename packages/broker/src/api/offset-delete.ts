/**
 * OffsetDelete (47), version 0. In: partitions whose offsets a group is to forget. Out: a code per partition; those of topics that
 * the group's members read are refused.
 */
import { apis, errors, type OffsetDeleteRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

export function offsetDelete(
  doors: GroupDoors,
  request: OffsetDeleteRequest,
  exchange: Exchange,
): Answer<typeof apis.offsetDelete> {
  const exists = (name: string, partition: number): boolean =>
    doors.image.topic(name)?.partitions[partition] !== undefined;
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => partitionIndex).filter((index) => exists(name, index)),
  }));
  doors.coordinator.deleteOffsets(
    { groupId: request.groupId, topics },
    {
      answer: (codes) => {
        const shaped = request.topics.map(({ name, partitions }, at) => {
          let passedOn = 0;
          return {
            name,
            partitions: partitions.map(({ partitionIndex }) => ({
              partitionIndex,
              errorCode: exists(name, partitionIndex)
                ? (codes[at]?.[passedOn++] ?? errors.NONE)
                : errors.UNKNOWN_TOPIC_OR_PARTITION,
            })),
          };
        });
        doors.answer(exchange, { errorCode: errors.NONE, throttleTimeMs: 0, topics: shaped });
      },
      fail: (errorCode) => doors.answer(exchange, { errorCode, throttleTimeMs: 0, topics: [] }),
    },
  );
  return later;
}
