import { arrayOf, int16, int32, int64, int8, message, never, nullable, string } from '../schema.ts';
import { coordinatorRecord } from './coordinator-record.ts';

/** The state of a transactional id. */
export const transactionLogRecord = coordinatorRecord(
  0,
  'TransactionLog',
  {
    transactionalId: string(),
  },
  '0-1',
  1,
  {
    producerId: int64(),
    previousProducerId: int64('1+', { tag: 0, default: -1 }),
    nextProducerId: int64('1+', { tag: 1, default: -1 }),
    producerEpoch: int16(),
    nextProducerEpoch: int16('1+', { tag: 3, default: -1 }),
    transactionTimeoutMs: int32(),
    /** 0 empty, 1 ongoing, 2 prepare commit, 3 prepare abort, 4 complete commit, 5 complete abort, 6 dead, 7 prepare epoch fence. */
    transactionStatus: int8(),
    transactionPartitions: nullable(
      arrayOf({
        topic: string(),
        partitionIds: arrayOf(int32()),
      }),
    ),
    transactionLastUpdateTimestampMs: int64(),
    transactionStartTimestampMs: int64(),
    clientTransactionVersion: int16('1+', { tag: 2, default: 0 }),
  },
);

/** An entry of a `.txnindex` file, behind its version. */
export const abortedTxn = message('AbortedTxn', '0', never, {
  producerId: int64(),
  firstOffset: int64(),
  lastOffset: int64(),
  lastStableOffset: int64(),
});
