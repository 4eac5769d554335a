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

/** The group coordinator has share-partition state created. */
export const initializeShareGroupState = api(
  83,
  'InitializeShareGroupState',
  '0',
  0,
  {
    groupId: string(),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partition: int32(),
        stateEpoch: int32(),
        startOffset: int64(),
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

export interface InitializeShareGroupStateRequest extends RequestOf<typeof initializeShareGroupState> {}
export interface InitializeShareGroupStateResponse extends ResponseOf<typeof initializeShareGroupState> {}
