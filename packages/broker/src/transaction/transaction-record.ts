/** The records of `__transaction_state`, byte for byte as Apache Kafka writes them: the whole state of a transactional id, each time. */
import {
  batchHeader,
  decodeBatch,
  decodeCoordinatorRecord,
  DecodeError,
  encodeBatch,
  encodeCoordinatorKey,
  encodeCoordinatorValue,
  splitBatches,
  transactionLogRecord,
} from '@millrace/protocol';

import {
  noPartitions,
  type Transaction,
  type TransactionPartitions,
  transactionStates,
  withPartitions,
} from './transaction.ts';

export interface TransactionRecord {
  readonly id: string;
  /** Null: forgotten. */
  readonly value: Transaction | null;
}

export interface TransactionSink {
  replay(record: TransactionRecord): void;
  /** A record that only a newer broker can read. */
  unreadable(reason: string): void;
}

const table = [transactionLogRecord] as const;
/** With tagged fields, which Kafka writes from `transaction.version` 1 on. */
const taggedVersion = 1;
const batchRecordBytesMax = 128 << 20;

/** `featureLevel` is the cluster's `transaction.version`. */
export function encodeTransactions(records: readonly TransactionRecord[], nowMs: number, featureLevel: number): Buffer {
  return encodeBatch(
    records.map(({ id, value }) => ({
      key: encodeCoordinatorKey(transactionLogRecord, { transactionalId: id }),
      value: value === null ? null : encodeValue(value, featureLevel > 0 ? taggedVersion : 0),
      timestamp: nowMs,
    })),
  );
}

export function replayTransactions(bytes: Buffer, sink: TransactionSink): void {
  for (const { at } of splitBatches(bytes).spans) {
    if (batchHeader.isControl(bytes, at)) continue;
    for (const { key, value } of decodeBatch(bytes, at, batchRecordBytesMax)) {
      if (key !== null) replayRecord(key, value, sink);
    }
  }
}

function replayRecord(key: Buffer, value: Buffer | null, sink: TransactionSink): void {
  try {
    const decoded = decodeCoordinatorRecord(table, key, value);
    if (decoded === undefined) return;
    const id = decoded.key.transactionalId;
    sink.replay({ id, value: decoded.value && transactionOf(id, decoded.value) });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    sink.unreadable(error.message);
  }
}

type StoredValue = NonNullable<
  NonNullable<ReturnType<typeof decodeCoordinatorRecord<typeof transactionLogRecord>>>['value']
>;

function transactionOf(id: string, stored: StoredValue): Transaction {
  const state = transactionStates[stored.transactionStatus];
  if (state === undefined) throw new DecodeError(`a transaction has the unknown state ${stored.transactionStatus}`);
  return {
    id,
    state,
    producerId: stored.producerId,
    producerEpoch: stored.producerEpoch,
    previousProducerId: stored.previousProducerId,
    nextProducerId: stored.nextProducerId,
    lastProducerEpoch: -1,
    timeoutMs: stored.transactionTimeoutMs,
    partitions: partitionsOf(stored),
    startedAtMs: stored.transactionStartTimestampMs,
    updatedAtMs: stored.transactionLastUpdateTimestampMs,
    clientVersion: stored.clientTransactionVersion,
  };
}

function partitionsOf({ transactionPartitions }: StoredValue): TransactionPartitions {
  return (transactionPartitions ?? []).reduce(
    (all, { topic, partitionIds }) =>
      withPartitions(
        all,
        partitionIds.map((partition) => ({ topic, partition })),
      ),
    noPartitions,
  );
}

function encodeValue(value: Transaction, version: number): Uint8Array {
  return encodeCoordinatorValue(transactionLogRecord, version, {
    producerId: value.producerId,
    producerEpoch: value.producerEpoch,
    transactionTimeoutMs: value.timeoutMs,
    transactionStatus: transactionStates.indexOf(value.state),
    transactionPartitions:
      value.state === 'Empty'
        ? null
        : [...value.partitions].map(([topic, indexes]) => ({ topic, partitionIds: [...indexes] })),
    transactionLastUpdateTimestampMs: value.updatedAtMs,
    transactionStartTimestampMs: value.startedAtMs,
    ...(version >= taggedVersion && {
      previousProducerId: value.previousProducerId,
      nextProducerId: value.nextProducerId,
      clientTransactionVersion: value.clientVersion,
    }),
  });
}
