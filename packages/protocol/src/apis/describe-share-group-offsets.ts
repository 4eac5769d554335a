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

/** Start offsets of share groups. */
export const describeShareGroupOffsets = api(
  90,
  'DescribeShareGroupOffsets',
  '0-1',
  0,
  {
    groups: arrayOf({
      groupId: string(),
      topics: nullable(
        arrayOf({
          topicName: string(),
          partitions: arrayOf(int32()),
        }),
      ),
    }),
  },
  {
    throttleTimeMs: int32(),
    groups: arrayOf({
      groupId: string(),
      topics: arrayOf({
        topicName: string(),
        topicId: uuid(),
        partitions: arrayOf({
          partitionIndex: int32(),
          startOffset: int64(),
          leaderEpoch: int32(),
          lag: int64('1+', { default: -1, ignorable: true }),
          errorCode: int16(),
          errorMessage: nullable(string({ default: null })),
        }),
      }),
      errorCode: int16(),
      errorMessage: nullable(string({ default: null })),
    }),
  },
);

export interface DescribeShareGroupOffsetsRequest extends RequestOf<typeof describeShareGroupOffsets> {}
export interface DescribeShareGroupOffsetsResponse extends ResponseOf<typeof describeShareGroupOffsets> {}
