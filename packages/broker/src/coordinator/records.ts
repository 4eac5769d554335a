/**
 * What `__consumer_offsets` holds, byte for byte as Apache Kafka writes it: a classic group's generation with its members, committed
 * offsets, and consumer groups (consumer/records.ts). Records of other kinds of groups are passed over. Keys of the same thing are equal bytes, so that compaction works.
 */
import {
  batchHeader,
  decodeBatch,
  decodeControlRecord,
  decodeCoordinatorRecord,
  DecodeError,
  encodeBatch,
  encodeCoordinatorKey,
  encodeCoordinatorValue,
  groupRecords,
  splitBatches,
  zeroUuid,
} from '@millrace/protocol';

import {
  consumerKey,
  consumerRecord,
  consumerRecordTable,
  consumerValue,
  type ConsumerRecord,
} from './consumer/records.ts';
import type { RecordProducer } from './decision.ts';

export interface StoredMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** -1 in records of old brokers: the session timeout serves as both. */
  readonly rebalanceTimeout: number;
  readonly sessionTimeout: number;
  readonly subscription: Buffer;
  readonly assignment: Buffer;
}

/** A generation. Without members the group is empty, otherwise stable: the steps between are not stored. */
export interface GroupMetadata {
  /** Empty when nobody ever joined. */
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  readonly currentStateTimestamp: number;
  readonly members: readonly StoredMember[];
}

export interface CommittedOffset {
  /** As the client said it, in all its 64 bits. */
  readonly offset: bigint;
  /** -1: the client did not say. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestamp: number;
  /** -1: by the broker's retention. */
  readonly expireTimestamp: number;
  /** The zero id where the client named the topic only. */
  readonly topicId: string;
}

/** A value of null: gone. */
export type CoordinatorRecord =
  | ConsumerRecord
  | { readonly type: 'GroupMetadata'; readonly group: string; readonly value: GroupMetadata | null }
  | {
      readonly type: 'OffsetCommit';
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly value: CommittedOffset | null;
    };

/** Where a record stands: matters for offsets that were committed inside of a transaction. */
export interface RecordPlace {
  readonly offset: number;
  /** -1 outside of transactions. */
  readonly producerId: number;
}

/** How replay gets what a log holds. */
export interface RecordSink {
  record(record: CoordinatorRecord, place: RecordPlace): void;
  transactionEnded(producerId: number, committed: boolean): void;
  /** A record that only a newer broker can read. */
  unreadable(reason: string): void;
}

/** What Kafka 4.3 writes. An offset with its own expiry needs version 1, the only one that has the field. */
const groupMetadataVersion = 3;
const offsetCommitVersion = 4;
const expiringOffsetCommitVersion = 1;
/** Decompressed records of one batch. */
const batchRecordBytesMax = 128 << 20;

const { groupMetadata, offsetCommit, legacyOffsetCommit } = groupRecords;
const table = [groupMetadata, offsetCommit, legacyOffsetCommit, ...consumerRecordTable] as const;

export function emptyMetadata(protocolType: string, generation: number, nowMs: number): GroupMetadata {
  return { protocolType, generation, protocol: null, leader: null, currentStateTimestamp: nowMs, members: [] };
}

export function encodeRecords(records: readonly CoordinatorRecord[], nowMs: number, producer?: RecordProducer): Buffer {
  return encodeBatch(
    records.map((record) => ({ key: keyOf(record), value: valueOf(record), timestamp: nowMs })),
    // As Kafka's coordinators write: no sequence counts, so each batch begins with 0.
    producer === undefined ? {} : { ...producer, baseSequence: 0, isTransactional: true },
  );
}

/** Reads whole batches, as they stand in the log, one behind the other. */
export function replayBatches(bytes: Buffer, sink: RecordSink): void {
  for (const { at } of splitBatches(bytes).spans) {
    const producerId = batchHeader.isTransactional(bytes, at) ? batchHeader.producerId(bytes, at) : -1;
    const records = decodeBatch(bytes, at, batchRecordBytesMax);
    if (batchHeader.isControl(bytes, at)) {
      const marker = records[0] && decodeControlRecord(records[0].key, records[0].value);
      if (marker !== undefined) sink.transactionEnded(producerId, marker.kind === 'commit');
      continue;
    }
    for (const { key, value, offset } of records) {
      if (key !== null) replayRecord(key, value, { offset, producerId }, sink);
    }
  }
}

function replayRecord(key: Buffer, value: Buffer | null, place: RecordPlace, sink: RecordSink): void {
  try {
    const record = decodeRecord(key, value);
    if (record !== undefined) sink.record(record, place);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    sink.unreadable(error.message);
  }
}

/** Undefined for what belongs to another kind of group. */
function decodeRecord(key: Buffer, value: Buffer | null): CoordinatorRecord | undefined {
  const decoded = decodeCoordinatorRecord(table, key, value);
  if (decoded === undefined) return undefined;
  if (decoded.name === 'GroupMetadata') {
    const value = decoded.value && { ...decoded.value, members: decoded.value.members.map(owned) };
    return { type: 'GroupMetadata', group: decoded.key.group, value };
  }
  if (decoded.name !== 'OffsetCommit' && decoded.name !== 'LegacyOffsetCommit') return consumerRecord(decoded);
  if (decoded.name === 'OffsetCommit') return { type: 'OffsetCommit', ...decoded.key, value: decoded.value };
  const legacy = { leaderEpoch: -1, expireTimestamp: -1, topicId: zeroUuid };
  return { type: 'OffsetCommit', ...decoded.key, value: decoded.value && { ...decoded.value, ...legacy } };
}

/** Its bytes lie in a buffer that is read into again. */
function owned(member: StoredMember): StoredMember {
  return { ...member, subscription: Buffer.from(member.subscription), assignment: Buffer.from(member.assignment) };
}

function keyOf(record: CoordinatorRecord): Uint8Array {
  const { group } = record;
  if (record.type === 'GroupMetadata') return encodeCoordinatorKey(groupMetadata, { group });
  if (record.type !== 'OffsetCommit') return consumerKey(record);
  const { topic, partition } = record;
  return encodeCoordinatorKey(offsetCommit, { group, topic, partition });
}

function valueOf(record: CoordinatorRecord): Uint8Array | null {
  if (record.value === null) return null;
  if (record.type === 'GroupMetadata') return encodeCoordinatorValue(groupMetadata, groupMetadataVersion, record.value);
  if (record.type !== 'OffsetCommit') return consumerValue(record);
  const { value } = record;
  const version = value.expireTimestamp === -1 ? offsetCommitVersion : expiringOffsetCommitVersion;
  return encodeCoordinatorValue(offsetCommit, version, value);
}
