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

/** Sets start offsets of an empty share group. */
export const alterShareGroupOffsets = api(
  91,
  'AlterShareGroupOffsets',
  '0',
  0,
  {
    groupId: string(),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        startOffset: int64(),
      }),
    }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string({ default: null })),
    responses: arrayOf({
      topicName: string(),
      topicId: uuid(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: nullable(string({ default: null })),
      }),
    }),
  },
);

export interface AlterShareGroupOffsetsRequest extends RequestOf<typeof alterShareGroupOffsets> {}
export interface AlterShareGroupOffsetsResponse extends ResponseOf<typeof alterShareGroupOffsets> {}
