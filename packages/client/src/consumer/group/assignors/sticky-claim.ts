/** What the sticky assignors of Kafka's clients put into their subscriptions, byte for byte. No versions in front: they never had any. */
import { arrayOf, decode, DecodeError, encode, int32, message, never, string } from '@millrace/protocol';

import type { TopicPartition } from '../../../record.ts';

/** What a member had, in which generation. */
export interface Claim {
  readonly partitions: readonly TopicPartition[];
  /** -1 when it does not say. */
  readonly generationId: number;
}

/** Version 0 is what clients before 2.3 wrote. */
const stickyUserData = message('StickyAssignorUserData', '0-1', never, {
  previousAssignment: arrayOf({ topic: string(), partitions: arrayOf(int32()) }),
  generation: int32('1+', { default: -1, ignorable: true }),
});

const cooperativeUserData = message('CooperativeStickyAssignorUserData', '0', never, { generation: int32() });

const nothing: Claim = { partitions: [], generationId: -1 };

export function encodeStickyUserData({ partitions, generationId: generation }: Claim): Uint8Array {
  const previousAssignment = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ partition }) => partition),
  }));
  return encode(stickyUserData, 1, { previousAssignment, generation });
}

/** What cannot be read counts as nothing, as in Java's leader: one odd member must not stop the group. */
export function decodeStickyUserData(bytes: Uint8Array | null): Claim {
  if (bytes === null || bytes.length === 0) return nothing;
  for (const version of [1, 0]) {
    try {
      const { previousAssignment, generation: generationId } = decode(stickyUserData, version, bytes);
      const partitions = previousAssignment.flatMap(({ topic, partitions: ofTopic }) =>
        ofTopic.map((partition): TopicPartition => ({ topic, partition })),
      );
      return { partitions, generationId };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
  return nothing;
}

export function encodeCooperativeUserData(generation: number): Uint8Array {
  return encode(cooperativeUserData, 0, { generation });
}

export function decodeCooperativeUserData(bytes: Uint8Array | null): number {
  if (bytes === null) return -1;
  try {
    return decode(cooperativeUserData, 0, bytes).generation;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return -1;
  }
}
