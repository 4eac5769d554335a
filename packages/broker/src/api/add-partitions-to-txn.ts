/**
 * AddPartitionsToTxn (24), versions 0 to 5. In: until 3 the partitions a producer is about to write to; since 4 those of many
 * transactions, as brokers send them, which may only ask whether they are in (verifyOnly). Out: a code per partition.
 */
import { apis, errors, type AddPartitionsToTxnRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { whenAllAnswered } from '../coordinator/all-answers.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';
import type { PartitionName, ProducerIdentity } from '../transaction/transaction.ts';

type AskedTopics = AddPartitionsToTxnRequest['v3AndBelowTopics'];

interface Asked extends ProducerIdentity {
  readonly transactionalId: string;
  readonly verifyOnly: boolean;
  readonly topics: AskedTopics;
}

const manySince = 4;
const fencedSince = 2;

export function addPartitionsToTxn(
  doors: Doors,
  request: AddPartitionsToTxnRequest,
  exchange: Exchange,
): Answer<typeof apis.addPartitionsToTxn> {
  const { apiVersion } = exchange;
  if (apiVersion < manySince) {
    const asked = {
      transactionalId: request.v3AndBelowTransactionalId,
      producerId: request.v3AndBelowProducerId,
      producerEpoch: request.v3AndBelowProducerEpoch,
      verifyOnly: false,
      topics: request.v3AndBelowTopics,
    };
    addOne(doors, asked, apiVersion, (codes) => {
      const told = codes.map((code) =>
        code === errors.PRODUCER_FENCED && apiVersion < fencedSince ? errors.INVALID_PRODUCER_EPOCH : code,
      );
      doors.answer(exchange, { resultsByTopicV3AndBelow: results(asked.topics, told) });
    });
    return later;
  }
  const answered = whenAllAnswered<object>(request.transactions.length, (resultsByTransaction) =>
    doors.answer(exchange, { errorCode: errors.NONE, resultsByTransaction }),
  );
  for (const [index, asked] of request.transactions.entries()) {
    const { transactionalId, topics } = asked;
    addOne(doors, asked, apiVersion, (codes) =>
      answered(index, { transactionalId, topicResults: results(topics, codes) }),
    );
  }
  return later;
}

/** Codes in the order of the partitions. One that does not exist keeps all others out. */
function addOne(doors: Doors, asked: Asked, apiVersion: number, answer: (codes: readonly number[]) => void): void {
  const { transactionalId: id, producerId, producerEpoch, topics } = asked;
  const partitions: PartitionName[] = topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ topic: name, partition })),
  );
  const isThere = partitions.map(
    ({ topic, partition }) => doors.image.topic(topic)?.partitions[partition] !== undefined,
  );
  if (isThere.includes(false)) {
    answer(isThere.map((known) => (known ? errors.OPERATION_NOT_ATTEMPTED : errors.UNKNOWN_TOPIC_OR_PARTITION)));
    return;
  }
  const all = (code: number): void => answer(partitions.map(() => code));
  const addition = { id, producerId, producerEpoch, partitions, clientVersion: apiVersion >= manySince ? 2 : 0 };
  if (asked.verifyOnly) doors.transactions.verifyPartitions(addition, { answer, fail: all });
  else doors.transactions.addPartitions(addition, { answer: all, fail: all });
}

function results(topics: AskedTopics, codes: readonly number[]): object[] {
  let next = 0;
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: codes[next++] ?? errors.NONE,
    })),
  }));
}
