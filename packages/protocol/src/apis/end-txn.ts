import { api, bool, int16, int32, int64, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Commits or aborts a transaction. */
export const endTxn = api(
  26,
  'EndTxn',
  '0-5',
  3,
  {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    /** False aborts. */
    committed: bool(),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    /** Since version 5 the id and the raised epoch to go on with. */
    producerId: int64('5+', { default: -1, ignorable: true }),
    producerEpoch: int16('5+', { default: -1, ignorable: true }),
  },
);

export interface EndTxnRequest extends RequestOf<typeof endTxn> {}
export interface EndTxnResponse extends ResponseOf<typeof endTxn> {}
