import { arrayOf, int32, int8, nullable, string, uuid } from '../schema.ts';
import { metadataRecord } from './metadata-record.ts';

/** A topic was created. */
export const topicRecord = metadataRecord(2, 'TopicRecord', '0', {
  name: string(),
  topicId: uuid(),
});

/** A partition was created. */
export const partitionRecord = metadataRecord(3, 'PartitionRecord', '0-2', {
  partitionId: int32({ default: -1 }),
  topicId: uuid(),
  replicas: arrayOf(int32()),
  isr: arrayOf(int32()),
  removingReplicas: arrayOf(int32()),
  addingReplicas: arrayOf(int32()),
  leader: int32({ default: -1 }),
  /** 0 recovered, 1 recovering after an unclean election. */
  leaderRecoveryState: int8({ tag: 0, default: 0 }),
  leaderEpoch: int32({ default: -1 }),
  partitionEpoch: int32({ default: -1 }),
  directories: arrayOf('1+', uuid()),
  eligibleLeaderReplicas: nullable(arrayOf('2+', { tag: 1, default: null }, int32())),
  lastKnownElr: nullable(arrayOf('2+', { tag: 2, default: null }, int32())),
});

/** What changed of a partition; tags that are left out did not. */
export const partitionChangeRecord = metadataRecord(5, 'PartitionChangeRecord', '0-2', {
  partitionId: int32({ default: -1 }),
  topicId: uuid(),
  /** Here and below null means unchanged. */
  isr: nullable(arrayOf({ tag: 0, default: null }, int32())),
  /** -1: no leader; -2: unchanged. */
  leader: int32({ tag: 1, default: -2 }),
  replicas: nullable(arrayOf({ tag: 2, default: null }, int32())),
  removingReplicas: nullable(arrayOf({ tag: 3, default: null }, int32())),
  addingReplicas: nullable(arrayOf({ tag: 4, default: null }, int32())),
  /** -1: unchanged. */
  leaderRecoveryState: int8({ tag: 5, default: -1 }),
  directories: nullable(arrayOf('1+', { tag: 8, default: null }, uuid())),
  eligibleLeaderReplicas: nullable(arrayOf('2+', { tag: 6, default: null }, int32())),
  lastKnownElr: nullable(arrayOf('2+', { tag: 7, default: null }, int32())),
});

/** A topic was deleted, with its partitions and settings. */
export const removeTopicRecord = metadataRecord(9, 'RemoveTopicRecord', '0', {
  topicId: uuid(),
});

/** The eligible leader replicas of a topic, or of all with an empty name, are forgotten. */
export const clearElrRecord = metadataRecord(28, 'ClearElrRecord', '0', {
  topicName: string(),
});
