import {
  api,
  arrayOf,
  int16,
  int32,
  int64,
  nullable,
  string,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Start offsets of share partitions without their batches. */
export const readShareGroupStateSummary = api(
  87,
  'ReadShareGroupStateSummary',
  '0-1',
  0,
  {
    groupId: string(),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partition: int32(),
        leaderEpoch: int32(),
      }),
    }),
  },
  {
    results: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partition: int32(),
        errorCode: int16(),
        errorMessage: nullable(string({ default: null })),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
      }),
    }),
  },
);

export interface ReadShareGroupStateSummaryRequest extends RequestOf<typeof readShareGroupStateSummary> {}
export interface ReadShareGroupStateSummaryResponse extends ResponseOf<typeof readShareGroupStateSummary> {}
