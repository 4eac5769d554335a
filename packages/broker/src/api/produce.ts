/**
 * Produce (0), versions 3 to 13; 0 to 2 are advertised only, as Kafka does. In: batches per partition, still in the socket's
 * buffer. Out: they are appended at once and written at the end of the read; acks=0 gets no answer, acks=1 an answer after the
 * write, acks=all after the sync.
 *
 * 13 and later name topics by id (KIP-516). Left out: transactional produce (transactions come with their coordinator).
 */
import { AppendError, type Appended } from '@millrace/log';
import { apis, batchHeader, errors, isKafkaError, type ProduceRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import type { Partition } from '../partition.ts';
import { later, noAnswer } from '../request.ts';

interface PartitionAnswer {
  index: number;
  errorCode: number;
  baseOffset: number;
  logAppendTimeMs: number;
  logStartOffset: number;
  recordErrors: { batchIndex: number; batchIndexErrorMessage: string | null }[];
  errorMessage: string | null;
}

type Answers = { name: string; topicId: string; partitionResponses: PartitionAnswer[] }[];

export function produce(doors: Doors, request: ProduceRequest, exchange: Exchange): Answer<typeof apis.produce> {
  const { acks } = request;
  const acksAreValid = acks === 0 || acks === 1 || acks === -1;
  const responses: Answers = [];
  let failed = false;
  for (const { name, topicId, partitionData } of request.topicData) {
    const partitionResponses: PartitionAnswer[] = [];
    for (const { index, records } of partitionData) {
      const entry: PartitionAnswer = {
        index,
        errorCode: acksAreValid ? errors.NONE : errors.INVALID_REQUIRED_ACKS,
        baseOffset: -1,
        logAppendTimeMs: -1,
        logStartOffset: -1,
        recordErrors: [],
        errorMessage: null,
      };
      if (acksAreValid) appendOne(doors, exchange.apiVersion, { name, topicId }, records, acks, entry);
      failed ||= entry.errorCode !== errors.NONE;
      partitionResponses.push(entry);
    }
    responses.push({ name, topicId, partitionResponses });
  }
  if (acks === 0) {
    if (failed) doors.endConnection(exchange, 'a produce with acks=0 failed');
    return noAnswer;
  }
  const response = { responses };
  if (acks === -1) {
    doors.round.afterSync({
      durable: (syncFailed) => {
        if (syncFailed) failAll(responses);
        doors.answer(exchange, response);
      },
    });
  } else {
    doors.round.afterWrite(() => doors.answer(exchange, response));
  }
  return later;
}

function appendOne(
  doors: Doors,
  apiVersion: number,
  topic: { readonly name: string; readonly topicId: string },
  records: Buffer | null,
  acks: number,
  entry: PartitionAnswer,
): void {
  const byId = apiVersion >= 13;
  const partition = byId
    ? doors.partitions.byId(topic.topicId, entry.index)
    : doors.partitions.byName(topic.name, entry.index);
  if (partition === undefined) {
    entry.errorCode =
      byId && !doors.partitions.hasId(topic.topicId) ? errors.UNKNOWN_TOPIC_ID : errors.UNKNOWN_TOPIC_OR_PARTITION;
    return;
  }
  doors.metrics.produceRequests(partition.topic);
  if (doors.partitions.isInternal(partition.topic)) {
    entry.errorCode = errors.INVALID_TOPIC_EXCEPTION;
    return;
  }
  if (isTransactional(records)) {
    // Without a coordinator nobody would ever end it, and readers of committed records would wait for ever.
    entry.errorCode = errors.INVALID_TXN_STATE;
    entry.errorMessage = 'Transactions are not served yet: produce without transactional.id.';
    return;
  }
  if (acks === -1 && doors.partitions.minInSync(partition) > 1) {
    entry.errorCode = errors.NOT_ENOUGH_REPLICAS;
    return;
  }
  try {
    const appended = partition.append(records ?? emptyRecords, { origin: 'client', producedByVersion: apiVersion });
    entry.baseOffset = appended.baseOffset;
    entry.logAppendTimeMs = appended.logAppendTimeMs;
    entry.logStartOffset = appended.logStartOffset;
    if (!appended.duplicate) note(doors, partition, appended, entry);
  } catch (error) {
    if (!isKafkaError(error)) throw error;
    entry.errorCode = error.code;
    entry.errorMessage = error.message;
    if (error instanceof AppendError) {
      entry.recordErrors = error.recordErrors.map(({ batchIndex, message }) => ({
        batchIndex,
        batchIndexErrorMessage: message,
      }));
    }
    doors.metrics.failedProduce(partition.topic);
  }
}

const emptyRecords = Buffer.alloc(0);

function isTransactional(records: Buffer | null): boolean {
  return records !== null && records.length >= batchHeader.batchHeaderBytes && batchHeader.isTransactional(records, 0);
}

function note(doors: Doors, partition: Partition, appended: Appended, entry: PartitionAnswer): void {
  partition.unwritten.push(entry);
  doors.round.add(partition);
  doors.metrics.appended(partition.topic, appended.recordCount, appended.bytes);
}

function failAll(responses: Answers): void {
  for (const { partitionResponses } of responses) {
    for (const entry of partitionResponses) {
      if (entry.errorCode !== errors.NONE) continue;
      entry.errorCode = errors.KAFKA_STORAGE_ERROR;
      entry.baseOffset = -1;
    }
  }
}
