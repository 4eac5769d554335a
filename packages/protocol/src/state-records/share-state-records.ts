import { arrayOf, int16, int32, int64, int8, string, uuid } from '../schema.ts';
import { coordinatorRecord } from './coordinator-record.ts';

/** The whole state of a share partition. */
export const shareSnapshotRecord = coordinatorRecord(
  0,
  'ShareSnapshot',
  {
    groupId: string(),
    topicId: uuid(),
    partition: int32(),
  },
  '0',
  0,
  {
    snapshotEpoch: int32(),
    stateEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ tag: 0, default: -1 }),
    createTimestamp: int64(),
    writeTimestamp: int64(),
    stateBatches: arrayOf({
      firstOffset: int64(),
      lastOffset: int64(),
      deliveryState: int8(),
      deliveryCount: int16(),
    }),
  },
);

/** What changed in a share partition since its snapshot. */
export const shareUpdateRecord = coordinatorRecord(
  1,
  'ShareUpdate',
  {
    groupId: string(),
    topicId: uuid(),
    partition: int32(),
  },
  '0',
  0,
  {
    snapshotEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ tag: 0, default: -1 }),
    stateBatches: arrayOf({
      firstOffset: int64(),
      lastOffset: int64(),
      deliveryState: int8(),
      deliveryCount: int16(),
    }),
  },
);
