import { api, arrayOf, int16, int32, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Moves replicas between the log directories of a broker. */
export const alterReplicaLogDirs = api(
  34,
  'AlterReplicaLogDirs',
  '1-2',
  2,
  {
    dirs: arrayOf({
      path: string(),
      topics: arrayOf({
        name: string(),
        partitions: arrayOf(int32()),
      }),
    }),
  },
  {
    throttleTimeMs: int32(),
    results: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
);

export interface AlterReplicaLogDirsRequest extends RequestOf<typeof alterReplicaLogDirs> {}
export interface AlterReplicaLogDirsResponse extends ResponseOf<typeof alterReplicaLogDirs> {}
