/** What becomes of records that a share group has acquired, and what brokers say to it. */
import type { ClientError } from '../error.ts';
import type { TopicPartition } from '../record.ts';

/**
 * `accept`: done with. `release`: somebody is to get it again. `reject`: nobody is to get it again. `renew`: more time is needed, and it
 * is acknowledged later (KIP-1222).
 */
export type AcknowledgeType = 'accept' | 'release' | 'reject' | 'renew';

/** On the wire; 0 is an offset without a record. */
export const acknowledgeCodes = { accept: 1, release: 2, reject: 3, renew: 4 } as const;
const typeNames = ['gap', 'accept', 'release', 'reject', 'renew'] as const;

/** Offsets in a row that were acknowledged alike. */
export interface AcknowledgedRange {
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  /** `gap` stands for offsets without a record, which nobody sees. */
  readonly type: AcknowledgeType | 'gap';
}

/** What a broker has said to the acknowledgements of one partition in one request. */
export interface AcknowledgementResult extends TopicPartition {
  readonly ranges: readonly AcknowledgedRange[];
  /** Undefined: it has them. INVALID_RECORD_STATE: the time to acknowledge was over, and others may get the records. */
  readonly error: ClientError | undefined;
}

export type AcknowledgementCallback = (results: readonly AcknowledgementResult[]) => void;

/** The same as it is sent. */
export interface TypedRange {
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  readonly code: number;
}

/** Offsets without a record are counted too, as in Java's clients. */
export function recordsIn(ranges: readonly { readonly firstOffset: bigint; readonly lastOffset: bigint }[]): number {
  return ranges.reduce((sum, { firstOffset, lastOffset }) => sum + Number(lastOffset - firstOffset) + 1, 0);
}

export function acknowledgedRange({ firstOffset, lastOffset, code }: TypedRange): AcknowledgedRange {
  return { firstOffset, lastOffset, type: typeNames[code]! };
}
