/** What members of a group tell each other through its coordinator: topics, and shares of partitions, with bytes of their own. */
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  encodeVersioned,
} from '@millrace/protocol';

import type { Assignment, ISerializer, MemberAssignment, MemberMetadata } from './types/consumer.ts';

const noBytes = Buffer.alloc(0);

/**
 * The version is the assigner's own affair, a number in front. Behind it stands version 0 whatever it is: newer fields come after those, and
 * readers of this library ignore what they do not know.
 */
function withVersion(bytes: Uint8Array, version: number): Buffer {
  const buffer = Buffer.from(bytes);
  buffer.writeInt16BE(version);
  return buffer;
}

/** As version 0 reads it. */
function atVersionZero(buffer: Uint8Array): { readonly version: number; readonly bytes: Buffer } {
  const bytes = Buffer.from(buffer);
  const version = bytes.readInt16BE(0);
  bytes.writeInt16BE(0);
  return { version, bytes };
}

/** Programs without types leave the bytes of their own out. */
type Loose<T extends { userData: Buffer }> = Omit<T, 'userData'> & Partial<Pick<T, 'userData'>>;

const metadata: ISerializer<MemberMetadata> = {
  encode: ({ version, topics, userData }: Loose<MemberMetadata>) =>
    withVersion(encodeVersioned(consumerProtocolSubscription, 0, { topics, userData: userData ?? noBytes }), version),
  decode: (buffer) => {
    const { version, bytes } = atVersionZero(buffer);
    const { topics, userData } = decodeVersioned(consumerProtocolSubscription, bytes);
    return { version, topics: [...topics], userData: Buffer.from(userData ?? noBytes) };
  },
};

const assignment: ISerializer<MemberAssignment> = {
  encode: ({ version, assignment, userData }: Loose<MemberAssignment>) => {
    const assignedPartitions = Object.entries(assignment).map(([topic, partitions]) => ({ topic, partitions }));
    return withVersion(
      encodeVersioned(consumerProtocolAssignment, 0, { assignedPartitions, userData: userData ?? noBytes }),
      version,
    );
  },
  decode: (buffer) => {
    if (buffer.length < 2) return null;
    const { version, bytes } = atVersionZero(buffer);
    const { assignedPartitions, userData } = decodeVersioned(consumerProtocolAssignment, bytes);
    const shares: Assignment = {};
    for (const { topic, partitions } of assignedPartitions) shares[topic] = [...partitions];
    return { version, assignment: shares, userData: Buffer.from(userData ?? noBytes) };
  },
};

export const AssignerProtocol = { MemberMetadata: metadata, MemberAssignment: assignment };
