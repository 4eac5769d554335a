import { api, arrayOf, int16, int32, int64, uuid, type RequestOf, type ResponseOf } from '../schema.ts';

/** A broker tells the controller in which log directory each replica lies. */
export const assignReplicasToDirs = api(
  73,
  'AssignReplicasToDirs',
  '0',
  0,
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    directories: arrayOf({
      id: uuid(),
      topics: arrayOf({
        topicId: uuid(),
        partitions: arrayOf({
          partitionIndex: int32(),
        }),
      }),
    }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    directories: arrayOf({
      id: uuid(),
      topics: arrayOf({
        topicId: uuid(),
        partitions: arrayOf({
          partitionIndex: int32(),
          errorCode: int16(),
        }),
      }),
    }),
  },
  { listeners: ['controller'] },
);

export interface AssignReplicasToDirsRequest extends RequestOf<typeof assignReplicasToDirs> {}
export interface AssignReplicasToDirsResponse extends ResponseOf<typeof assignReplicasToDirs> {}
