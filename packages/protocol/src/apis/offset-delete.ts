import { api, arrayOf, int16, int32, never, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Deletes committed offsets of partitions a group no longer reads. */
export const offsetDelete = api(
  47,
  'OffsetDelete',
  '0',
  never,
  {
    groupId: string(),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
      }),
    }),
  },
  {
    errorCode: int16(),
    throttleTimeMs: int32(),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
);

export interface OffsetDeleteRequest extends RequestOf<typeof offsetDelete> {}
export interface OffsetDeleteResponse extends ResponseOf<typeof offsetDelete> {}
