import { api, int16, int32, int64, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Registers a group's offsets with a transaction. */
export const addOffsetsToTxn = api(
  25,
  'AddOffsetsToTxn',
  '0-4',
  3,
  {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    groupId: string(),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
);

export interface AddOffsetsToTxnRequest extends RequestOf<typeof addOffsetsToTxn> {}
export interface AddOffsetsToTxnResponse extends ResponseOf<typeof addOffsetsToTxn> {}
