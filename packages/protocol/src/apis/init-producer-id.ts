import { api, bool, int16, int32, int64, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Gives an idempotent or transactional producer its id and epoch; fences older ones of the same transactional id. */
export const initProducerId = api(
  22,
  'InitProducerId',
  '0-6',
  2,
  {
    /** Null: idempotent only. */
    transactionalId: nullable(string()),
    transactionTimeoutMs: int32(),
    /** -1: a new producer; otherwise one that wants its epoch raised. */
    producerId: int64('3+', { default: -1 }),
    producerEpoch: int16('3+', { default: -1 }),
    enable2Pc: bool('6+', { default: false }),
    keepPreparedTxn: bool('6+', { default: false }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerId: int64({ default: -1 }),
    producerEpoch: int16(),
    ongoingTxnProducerId: int64('6+', { default: -1 }),
    ongoingTxnProducerEpoch: int16('6+', { default: -1 }),
  },
  { latestVersionUnstable: true },
);

export interface InitProducerIdRequest extends RequestOf<typeof initProducerId> {}
export interface InitProducerIdResponse extends ResponseOf<typeof initProducerId> {}
