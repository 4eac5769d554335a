/**
 * TxnOffsetCommit (28), versions 0 to 6. In: offsets that are to count when a transaction is committed; topics by name and since 6 by
 * id. Out: a code per partition. Since 5 the group's partition is added to the transaction here (KIP-890), before it must be in it.
 */
import { apis, errors, type TxnOffsetCommitRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { callerOf } from '../coordinator/caller.ts';
import { offsetsTopic } from '../coordinator/coordinator.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';
import { checkWrite, type WriteKind } from '../transaction/write-check.ts';
import { OffsetTopics } from './offset-topics.ts';

const abortableSince = 4;
const addsSince = 5;
const topicIdsSince = 6;

export function txnOffsetCommit(
  doors: Doors,
  request: TxnOffsetCommitRequest,
  exchange: Exchange,
): Answer<typeof apis.txnOffsetCommit> {
  const topics = new OffsetTopics(doors.image, request.topics, exchange.apiVersion >= topicIdsSince);
  if (topics.isAllUnknown) return topics.answered([]);
  const { groupId, producerId, producerEpoch } = request;
  if (groupId === '') return topics.failed(errors.INVALID_GROUP_ID);
  const index = doors.coordinator.partitionOf(groupId);
  if (index === undefined) return topics.failed(errors.NOT_COORDINATOR);
  const fail = (errorCode: number): void => doors.answer(exchange, topics.failed(errorCode));
  const commit = (): void => {
    const { memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request;
    doors.coordinator.commitOffsetsInTransaction(
      { groupId, memberId, groupInstanceId, generationId, retentionTimeMs: -1, topics: topics.known },
      { producerId, producerEpoch },
      callerOf(exchange),
      { answer: (answer) => doors.answer(exchange, topics.answered(answer)), fail },
    );
  };
  if (doors.partitions.byName(offsetsTopic, index)?.hasOpenTransaction(producerId, producerEpoch) === true) {
    commit();
    return later;
  }
  const write = {
    id: request.transactionalId,
    producerId,
    producerEpoch,
    kind: kindOf(exchange.apiVersion),
    partitions: [{ topic: offsetsTopic, partition: index }],
  };
  checkWrite(doors.transactions, write, ([errorCode = errors.NONE]) => {
    if (errorCode === errors.NONE) commit();
    else fail(errorCode);
  });
  return later;
}

function kindOf(apiVersion: number): WriteKind {
  if (apiVersion >= addsSince) return 'adding';
  return apiVersion >= abortableSince ? 'verifying' : 'old';
}
