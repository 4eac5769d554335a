import {
  api,
  arrayOf,
  int16,
  int32,
  int64,
  int8,
  nullable,
  string,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** A share-partition leader stores its state. */
export const writeShareGroupState = api(
  85,
  'WriteShareGroupState',
  '0-1',
  0,
  {
    groupId: string(),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partition: int32(),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
        stateBatches: arrayOf({
          firstOffset: int64(),
          lastOffset: int64(),
          deliveryState: int8(),
          deliveryCount: int16(),
        }),
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
      }),
    }),
  },
);

export interface WriteShareGroupStateRequest extends RequestOf<typeof writeShareGroupState> {}
export interface WriteShareGroupStateResponse extends ResponseOf<typeof writeShareGroupState> {}
