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

/** A share-partition leader reads its state. */
export const readShareGroupState = api(
  84,
  'ReadShareGroupState',
  '0',
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
        startOffset: int64(),
        stateBatches: arrayOf({
          firstOffset: int64(),
          lastOffset: int64(),
          deliveryState: int8(),
          deliveryCount: int16(),
        }),
      }),
    }),
  },
);

export interface ReadShareGroupStateRequest extends RequestOf<typeof readShareGroupState> {}
export interface ReadShareGroupStateResponse extends ResponseOf<typeof readShareGroupState> {}
