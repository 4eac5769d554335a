import { api, arrayOf, int16, int32, nullable, string, uuid, type RequestOf, type ResponseOf } from '../schema.ts';

/** The group coordinator has share-partition state deleted. */
export const deleteShareGroupState = api(
  86,
  'DeleteShareGroupState',
  '0',
  0,
  {
    groupId: string(),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partition: int32(),
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

export interface DeleteShareGroupStateRequest extends RequestOf<typeof deleteShareGroupState> {}
export interface DeleteShareGroupStateResponse extends ResponseOf<typeof deleteShareGroupState> {}
