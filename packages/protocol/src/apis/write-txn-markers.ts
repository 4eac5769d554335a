import { api, arrayOf, bool, int16, int32, int64, int8, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** The transaction coordinator tells leaders how transactions ended. */
export const writeTxnMarkers = api(
  27,
  'WriteTxnMarkers',
  '1-2',
  1,
  {
    markers: arrayOf({
      producerId: int64(),
      producerEpoch: int16(),
      /** False aborts. */
      transactionResult: bool(),
      topics: arrayOf({
        name: string(),
        partitionIndexes: arrayOf(int32()),
      }),
      coordinatorEpoch: int32(),
      transactionVersion: int8('2+', { default: 0, ignorable: true }),
    }),
  },
  {
    markers: arrayOf({
      producerId: int64(),
      topics: arrayOf({
        name: string(),
        partitions: arrayOf({
          partitionIndex: int32(),
          errorCode: int16(),
        }),
      }),
    }),
  },
);

export interface WriteTxnMarkersRequest extends RequestOf<typeof writeTxnMarkers> {}
export interface WriteTxnMarkersResponse extends ResponseOf<typeof writeTxnMarkers> {}
