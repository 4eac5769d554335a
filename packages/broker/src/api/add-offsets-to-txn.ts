/** AddOffsetsToTxn (25), versions 0 to 4. In: the group whose offsets a transaction will commit. Out: its partition is part of it. */
import { apis, errors, type AddOffsetsToTxnRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { offsetsTopic } from '../coordinator/coordinator.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

const fencedSince = 2;

export function addOffsetsToTxn(
  doors: Doors,
  request: AddOffsetsToTxnRequest,
  exchange: Exchange,
): Answer<typeof apis.addOffsetsToTxn> | Promise<typeof later> {
  const answer = (errorCode: number): void => {
    const isOld = errorCode === errors.PRODUCER_FENCED && exchange.apiVersion < fencedSince;
    doors.answer(exchange, { errorCode: isOld ? errors.INVALID_PRODUCER_EPOCH : errorCode });
  };
  const add = (): void => {
    const partition = doors.coordinator.partitionOf(request.groupId);
    if (partition === undefined) {
      answer(errors.COORDINATOR_NOT_AVAILABLE);
      return;
    }
    const { transactionalId: id, producerId, producerEpoch } = request;
    const addition = {
      id,
      producerId,
      producerEpoch,
      partitions: [{ topic: offsetsTopic, partition }],
      clientVersion: 0,
    };
    doors.transactions.addPartitions(addition, { answer, fail: answer });
  };
  if (doors.coordinator.partitionOf(request.groupId) !== undefined) {
    add();
    return later;
  }
  return doors.coordinator.ensure().then(() => {
    add();
    return later;
  });
}
