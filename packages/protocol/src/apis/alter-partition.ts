import { api, arrayOf, int16, int32, int64, int8, uuid, type RequestOf, type ResponseOf } from '../schema.ts';

/** A leader tells the controller about a change of the in-sync replicas. */
export const alterPartition = api(
  56,
  'AlterPartition',
  '2-3',
  2,
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partitionIndex: int32(),
        leaderEpoch: int32(),
        newIsr: arrayOf('2', int32()),
        newIsrWithEpochs: arrayOf('3+', {
          brokerId: int32(),
          brokerEpoch: int64({ default: -1 }),
        }),
        leaderRecoveryState: int8({ default: 0 }),
        partitionEpoch: int32(),
      }),
    }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32(),
        leaderEpoch: int32(),
        isr: arrayOf(int32()),
        leaderRecoveryState: int8({ default: 0 }),
        partitionEpoch: int32(),
      }),
    }),
  },
  { listeners: ['controller'] },
);

export interface AlterPartitionRequest extends RequestOf<typeof alterPartition> {}
export interface AlterPartitionResponse extends ResponseOf<typeof alterPartition> {}
