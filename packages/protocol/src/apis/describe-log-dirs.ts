import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Log directories of a broker with the sizes of what lies in them. */
export const describeLogDirs = api(
  35,
  'DescribeLogDirs',
  '1-5',
  2,
  {
    topics: nullable(
      arrayOf({
        topic: string(),
        partitions: arrayOf(int32()),
      }),
    ),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16('3+', { ignorable: true }),
    results: arrayOf({
      errorCode: int16(),
      logDir: string(),
      topics: arrayOf({
        name: string(),
        partitions: arrayOf({
          partitionIndex: int32(),
          partitionSize: int64(),
          offsetLag: int64(),
          isFutureKey: bool(),
        }),
      }),
      totalBytes: int64('4+', { default: -1, ignorable: true }),
      usableBytes: int64('4+', { default: -1, ignorable: true }),
      isCordoned: bool('5+', { default: false, ignorable: true }),
    }),
  },
);

export interface DescribeLogDirsRequest extends RequestOf<typeof describeLogDirs> {}
export interface DescribeLogDirsResponse extends ResponseOf<typeof describeLogDirs> {}
