/**
 * Produce (0), versions 3 to 13; 0 to 2 are advertised only, as Kafka does. In: batches per partition, still in the socket's
 * buffer. Out: they are appended at once and written at the end of the read; acks=0 gets no answer, acks=1 an answer after the
 * write, acks=all after the sync.
 *
 * 13 and later name topics by id (KIP-516). A transactional batch is appended when its coordinator knows of its partition: since 12 it
 * is told so here, before that it is asked. Where that takes a sync, the request is copied and nothing behind it overtakes it.
 */
import { AppendError, type Appended } from '@millrace/log';
import { apis, batchHeader, errors, isKafkaError, type ProduceRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import type { Partition } from '../partition.ts';
import { later, noAnswer } from '../request.ts';
import { checkWrite, type WriteKind } from '../transaction/write-check.ts';
import type { ProducerIdentity } from '../transaction/transaction.ts';

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
type TopicName = Pick<ProduceRequest['topicData'][number], 'name' | 'topicId'>;

/** Producers expect none of these of a partition's leader; they come again with what Kafka says instead. */
const unclear: ReadonlySet<number> = new Set([
  errors.COORDINATOR_LOAD_IN_PROGRESS,
  errors.COORDINATOR_NOT_AVAILABLE,
  errors.NOT_COORDINATOR,
]);
const refusalTexts: ReadonlyMap<number, string> = new Map([
  [errors.INVALID_TXN_STATE, 'Partition was not added to the transaction'],
  [errors.NOT_ENOUGH_REPLICAS, 'Unable to verify the partition has been added to the transaction.'],
  [errors.INVALID_PRODUCER_ID_MAPPING, 'Transactional records contained more than one producer ID'],
]);
const byIdSince = 13;
const addsSince = 12;
const abortableSince = 11;

export function produce(doors: Doors, request: ProduceRequest, exchange: Exchange): Answer<typeof apis.produce> {
  for (const { partitionData } of request.topicData) {
    for (const { records } of partitionData)
      if (isTransactional(records)) return produceInTransaction(doors, request, exchange);
  }
  return append(doors, request, exchange, undefined);
}

/** `refusals`: codes of partitions that may not be appended to, in the order of the request. */
function append(
  doors: Doors,
  request: ProduceRequest,
  exchange: Exchange,
  refusals: readonly number[] | undefined,
): Answer<typeof apis.produce> {
  const { acks } = request;
  const acksAreValid = acks === 0 || acks === 1 || acks === -1;
  const responses: Answers = [];
  let failed = false;
  let nth = 0;
  for (const { name, topicId, partitionData } of request.topicData) {
    const partitionResponses: PartitionAnswer[] = [];
    for (const { index, records } of partitionData) {
      const entry: PartitionAnswer = {
        index,
        errorCode: acksAreValid ? (refusals?.[nth++] ?? errors.NONE) : errors.INVALID_REQUIRED_ACKS,
        baseOffset: -1,
        logAppendTimeMs: -1,
        logStartOffset: -1,
        recordErrors: [],
        errorMessage: refusals === undefined ? null : (refusalTexts.get(refusals[nth - 1] ?? errors.NONE) ?? null),
      };
      if (entry.errorCode === errors.NONE)
        appendOne(doors, exchange.apiVersion, { name, topicId }, records, acks, entry);
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
  topic: TopicName,
  records: Buffer | null,
  acks: number,
  entry: PartitionAnswer,
): void {
  const partition = partitionOf(doors, apiVersion, topic, entry.index);
  if (partition === undefined) {
    const isUnknownId = apiVersion >= byIdSince && !doors.partitions.hasId(topic.topicId);
    entry.errorCode = isUnknownId ? errors.UNKNOWN_TOPIC_ID : errors.UNKNOWN_TOPIC_OR_PARTITION;
    return;
  }
  doors.metrics.produceRequests(partition.topic);
  if (doors.partitions.isInternal(partition.topic)) {
    entry.errorCode = errors.INVALID_TOPIC_EXCEPTION;
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

/** A batch of a transaction and where it is for. */
interface Batch extends ProducerIdentity {
  /** In the order of the request. */
  readonly nth: number;
  readonly sequence: number;
  readonly partition: Partition;
}

function produceInTransaction(doors: Doors, request: ProduceRequest, exchange: Exchange): Answer<typeof apis.produce> {
  const { transactionalId: id, acks } = request;
  const refusals: number[] = request.topicData.flatMap(({ partitionData }) => partitionData.map(() => errors.NONE));
  const refuseAll = (code: number): Answer<typeof apis.produce> =>
    append(doors, request, exchange, refusals.fill(code));
  // Without a name nobody may write to a transaction, whoever may do everything.
  if (id === null) return refuseAll(errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  const batches = transactionalBatches(doors, request, exchange.apiVersion);
  if (new Set(batches.map(({ producerId }) => producerId)).size > 1)
    return refuseAll(errors.INVALID_PRODUCER_ID_MAPPING);
  const unknown = batches.filter(
    ({ partition, producerId, producerEpoch }) => !partition.hasOpenTransaction(producerId, producerEpoch),
  );
  const [first] = unknown;
  if (first === undefined) return append(doors, request, exchange, undefined);
  const { producerId, producerEpoch } = first;
  const kind = kindOf(exchange.apiVersion);
  const partitions = unknown.map(({ partition }) => ({ topic: partition.topic, partition: partition.index }));
  let isHere = true;
  let isChecked = false;
  let waiting: ProduceRequest | undefined;
  checkWrite(doors.transactions, { id, producerId, producerEpoch, kind, partitions }, (codes) => {
    for (const [index, batch] of unknown.entries()) refusals[batch.nth] = refusalOf(kind, batch, codes[index] ?? 0);
    isChecked = true;
    if (isHere || waiting === undefined) return;
    append(doors, waiting, exchange, refusals);
    doors.round.writeSoon();
  });
  isHere = false;
  if (isChecked) return append(doors, request, exchange, refusals);
  // The bytes of a read are valid until the read ends.
  waiting = copyOf(request);
  exchange.isAlone = true;
  return acks === 0 ? noAnswer : later;
}

function transactionalBatches(doors: Doors, { topicData }: ProduceRequest, apiVersion: number): Batch[] {
  const found: Batch[] = [];
  let nth = -1;
  for (const topic of topicData) {
    for (const { index, records } of topic.partitionData) {
      nth++;
      const partition = partitionOf(doors, apiVersion, topic, index);
      if (partition === undefined || records === null || !isTransactional(records)) continue;
      if (doors.partitions.isInternal(partition.topic)) continue;
      found.push({
        nth,
        partition,
        producerId: batchHeader.producerId(records, 0),
        producerEpoch: batchHeader.producerEpoch(records, 0),
        sequence: batchHeader.baseSequence(records, 0),
      });
    }
  }
  return found;
}

function refusalOf(kind: WriteKind, { partition, producerId, sequence }: Batch, errorCode: number): number {
  if (unclear.has(errorCode) || (errorCode === errors.CONCURRENT_TRANSACTIONS && kind !== 'adding'))
    return errors.NOT_ENOUGH_REPLICAS;
  if (errorCode !== errors.NONE || kind !== 'adding') return errorCode;
  // Its first batches have been lost, and it must hear of that.
  const isLate = sequence !== 0 && partition.log.producer(producerId) === undefined;
  return isLate ? errors.OUT_OF_ORDER_SEQUENCE_NUMBER : errors.NONE;
}

function kindOf(apiVersion: number): WriteKind {
  if (apiVersion >= addsSince) return 'adding';
  return apiVersion >= abortableSince ? 'verifying' : 'old';
}

function copyOf(request: ProduceRequest): ProduceRequest {
  const topicData = request.topicData.map(({ partitionData, ...topic }) => ({
    ...topic,
    partitionData: partitionData.map(({ index, records }) => ({ index, records: records && Buffer.from(records) })),
  }));
  return { ...request, topicData };
}

function partitionOf(
  { partitions }: Doors,
  apiVersion: number,
  { name, topicId }: TopicName,
  index: number,
): Partition | undefined {
  return apiVersion >= byIdSince ? partitions.byId(topicId, index) : partitions.byName(name, index);
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
