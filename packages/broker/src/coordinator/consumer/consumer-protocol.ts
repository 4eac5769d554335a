/** What classic consumers put into a group's opaque bytes: what they read, and what they get. */
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  DecodeError,
  decodeVersioned,
  encodeVersioned,
  EncodeError,
} from '@millrace/protocol';

import type { TopicsView } from '../environment.ts';
import type { Protocol } from '../member.ts';
import type { HeldPartitions } from './heartbeat-request.ts';
import type { Assignment } from './member.ts';

export interface ReadSubscription {
  readonly topics: readonly string[];
  readonly rackId: string | null;
  readonly ownedPartitions: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** All protocols of a member say the same; undefined where it is not a consumer's. */
export function subscriptionIn(metadata: Buffer): ReadSubscription | undefined {
  return decoded(() => decodeVersioned(consumerProtocolSubscription, metadata));
}

/** 'custom' where an assignor of the client's has left notes that would be lost. */
export function assignmentIn(bytes: Buffer, topics: TopicsView): Assignment | 'custom' | undefined {
  if (bytes.length === 0) return new Map();
  const read = decoded(() => decodeVersioned(consumerProtocolAssignment, bytes));
  if (read === undefined) return undefined;
  if (read.userData !== null && read.userData.length > 0) return 'custom';
  const assignment = new Map<string, ReadonlySet<number>>();
  for (const { topic, partitions } of read.assignedPartitions) {
    const known = topics.topic(topic);
    if (known !== undefined && partitions.length > 0) assignment.set(known.id, new Set(partitions));
  }
  return assignment;
}

/** In the version in which the member speaks. */
export function assignmentBytes(
  partitions: ReadonlyMap<string, { keys(): Iterable<number> }>,
  { protocols: [protocol] }: { readonly protocols: readonly Protocol[] },
  topics: TopicsView,
): Buffer {
  const assignedPartitions = [...partitions].flatMap(([topicId, held]) => {
    const known = topics.topicById(topicId);
    if (known === undefined) return [];
    return [{ topic: known.name, partitions: [...held.keys()].sort((left, right) => left - right) }];
  });
  const spoken = protocol === undefined || protocol.metadata.length < 2 ? 0 : protocol.metadata.readInt16BE(0);
  const version = Math.max(0, Math.min(spoken, versionMax));
  return Buffer.from(encodeVersioned(consumerProtocolAssignment, version, { assignedPartitions, userData: null }));
}

/** Of topics that exist. */
export function heldPartitions({ ownedPartitions }: ReadSubscription, topics: TopicsView): HeldPartitions {
  return ownedPartitions.flatMap(({ topic, partitions }) => {
    const known = topics.topic(topic);
    return known === undefined ? [] : [{ topicId: known.id, partitions }];
  });
}

const versionMax = consumerProtocolAssignment.versions.until;

function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError || error instanceof EncodeError) return undefined;
    throw error;
  }
}
