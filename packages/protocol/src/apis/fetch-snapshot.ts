import {
  api,
  arrayOf,
  int16,
  int32,
  int64,
  nullable,
  records,
  string,
  struct,
  uint16,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Reads a piece of a metadata snapshot. */
export const fetchSnapshot = api(
  59,
  'FetchSnapshot',
  '0-1',
  0,
  {
    clusterId: nullable(string({ tag: 0, default: null })),
    replicaId: int32({ default: -1 }),
    maxBytes: int32({ default: 0x7fff_ffff }),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partition: int32(),
        currentLeaderEpoch: int32(),
        snapshotId: struct({
          endOffset: int64(),
          epoch: int32(),
        }),
        position: int64(),
        replicaDirectoryId: uuid('1+', { tag: 0, ignorable: true }),
      }),
    }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        index: int32(),
        errorCode: int16(),
        snapshotId: struct({
          endOffset: int64(),
          epoch: int32(),
        }),
        currentLeader: struct(
          { tag: 0 },
          {
            leaderId: int32(),
            leaderEpoch: int32(),
          },
        ),
        size: int64(),
        position: int64(),
        unalignedRecords: records(),
      }),
    }),
    nodeEndpoints: arrayOf(
      '1+',
      { tag: 0 },
      {
        nodeId: int32(),
        host: string(),
        port: uint16(),
      },
    ),
  },
  { listeners: ['controller'] },
);

export interface FetchSnapshotRequest extends RequestOf<typeof fetchSnapshot> {}
export interface FetchSnapshotResponse extends ResponseOf<typeof fetchSnapshot> {}
