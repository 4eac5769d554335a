import { api, arrayOf, int16, int32, nullable, string, uuid, type RequestOf, type ResponseOf } from '../schema.ts';

/** Forgets the start offsets of topics in an empty share group. */
export const deleteShareGroupOffsets = api(
  92,
  'DeleteShareGroupOffsets',
  '0',
  0,
  {
    groupId: string(),
    topics: arrayOf({
      topicName: string(),
    }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string({ default: null })),
    responses: arrayOf({
      topicName: string(),
      topicId: uuid(),
      errorCode: int16(),
      errorMessage: nullable(string({ default: null })),
    }),
  },
);

export interface DeleteShareGroupOffsetsRequest extends RequestOf<typeof deleteShareGroupOffsets> {}
export interface DeleteShareGroupOffsetsResponse extends ResponseOf<typeof deleteShareGroupOffsets> {}
