import { api, arrayOf, int16, int32, int64, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Producers with state in a partition. */
export const describeProducers = api(
  61,
  'DescribeProducers',
  '0',
  0,
  {
    topics: arrayOf({
      name: string(),
      partitionIndexes: arrayOf(int32()),
    }),
  },
  {
    throttleTimeMs: int32(),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: nullable(string({ default: null })),
        activeProducers: arrayOf({
          producerId: int64(),
          producerEpoch: int32(),
          lastSequence: int32({ default: -1 }),
          lastTimestamp: int64({ default: -1 }),
          coordinatorEpoch: int32(),
          currentTxnStartOffset: int64({ default: -1 }),
        }),
      }),
    }),
  },
);

export interface DescribeProducersRequest extends RequestOf<typeof describeProducers> {}
export interface DescribeProducersResponse extends ResponseOf<typeof describeProducers> {}
