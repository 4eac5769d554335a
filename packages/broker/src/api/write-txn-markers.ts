/**
 * WriteTxnMarkers (27), versions 1 and 2. In: ends of transactions, from an administrator who aborts one that hangs; here the
 * coordinator itself needs no request. Out: a code per partition, when its marker is durable.
 */
import { apis, errors, type WriteTxnMarkersRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { whenAllAnswered } from '../coordinator/all-answers.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

export function writeTxnMarkers(
  doors: Doors,
  { markers }: WriteTxnMarkersRequest,
  exchange: Exchange,
): Answer<typeof apis.writeTxnMarkers> {
  const asked = markers.flatMap(({ topics, transactionResult, ...marker }) =>
    topics.flatMap(({ name, partitionIndexes }) =>
      partitionIndexes.map((partition) => ({
        name: { topic: name, partition },
        marker: { ...marker, kind: transactionResult ? ('commit' as const) : ('abort' as const) },
      })),
    ),
  );
  const answered = whenAllAnswered<number>(asked.length, (codes) => {
    let next = 0;
    doors.answer(exchange, {
      markers: markers.map(({ producerId, topics }) => ({
        producerId,
        topics: topics.map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map((partitionIndex) => ({
            partitionIndex,
            errorCode: codes[next++] ?? errors.NONE,
          })),
        })),
      })),
    });
  });
  for (const [index, { name, marker }] of asked.entries()) {
    doors.markers.write(name, marker, {
      answer: () => answered(index, errors.NONE),
      fail: (errorCode) => answered(index, errorCode),
    });
  }
  return later;
}
