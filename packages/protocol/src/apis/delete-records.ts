import { api, arrayOf, int16, int32, int64, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Moves the log start offset of partitions up. */
export const deleteRecords = api(
  21,
  'DeleteRecords',
  '0-2',
  2,
  {
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        /** -1: up to the high watermark. */
        offset: int64(),
      }),
    }),
    timeoutMs: int32(),
  },
  {
    throttleTimeMs: int32(),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        lowWatermark: int64(),
        errorCode: int16(),
      }),
    }),
  },
);

export interface DeleteRecordsRequest extends RequestOf<typeof deleteRecords> {}
export interface DeleteRecordsResponse extends ResponseOf<typeof deleteRecords> {}
