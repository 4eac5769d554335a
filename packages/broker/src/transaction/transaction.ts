/**
 * What is known of one transactional id. A value is never changed, only replaced: by the record that says so.
 */

/** In the order of their codes in `__transaction_state`. Dead and PrepareEpochFence are never stored. */
export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const;
export type TransactionState = (typeof transactionStates)[number];

/** By topic. */
export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>;

export interface Transaction {
  readonly id: string;
  readonly state: TransactionState;
  readonly producerId: number;
  /** -1 until the first InitProducerId is over. */
  readonly producerEpoch: number;
  /** The id before this one, or the same. */
  readonly previousProducerId: number;
  /** What the producer goes on with when its epochs are used up; -1 otherwise. */
  readonly nextProducerId: number;
  /** The epoch before this one, as far as its owner may ask again with it. Not stored: -1 after a restart, as in Kafka 4.3. */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly partitions: TransactionPartitions;
  /** When the first partition was added; -1 outside of a transaction. */
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  /** 2 when its last step was taken by a client that raises its epoch with every end (KIP-890). */
  readonly clientVersion: number;
}

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export const nobody: ProducerIdentity = { producerId: -1, producerEpoch: -1 };
export const noPartitions: TransactionPartitions = new Map();

const epochMax = 0x7fff;
/** No timeout: an outside coordinator decides (KIP-939). */
const unlimitedTimeoutMs = 0x7fff_ffff;

/** The highest epoch is kept for the marker that fences the producer. */
export function isEpochExhausted(epoch: number): boolean {
  return epoch >= epochMax - 1;
}

export function isEnding({ state }: Transaction): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort';
}

/** As the producer calls itself that has its answer already, while the markers of the end are on their way. */
export function isNext(present: Transaction, { producerId, producerEpoch }: ProducerIdentity): boolean {
  if (!isEnding(present) || present.clientVersion < 2) return false;
  return present.nextProducerId < 0
    ? producerId === present.producerId && producerEpoch === present.producerEpoch
    : producerId === present.nextProducerId && producerEpoch === 0;
}

export function isTimedOut({ state, startedAtMs, timeoutMs }: Transaction, nowMs: number): boolean {
  return state === 'Ongoing' && timeoutMs !== unlimitedTimeoutMs && startedAtMs + timeoutMs < nowMs;
}

export function isExpired({ state, updatedAtMs }: Transaction, nowMs: number, expirationMs: number): boolean {
  const isIdle = state === 'Empty' || state === 'CompleteCommit' || state === 'CompleteAbort';
  return isIdle && updatedAtMs + expirationMs <= nowMs;
}

export function holds(partitions: TransactionPartitions, { topic, partition }: PartitionName): boolean {
  return partitions.get(topic)?.has(partition) === true;
}

export function withPartitions(
  partitions: TransactionPartitions,
  added: readonly PartitionName[],
): TransactionPartitions {
  const all = new Map<string, Set<number>>();
  for (const [topic, indexes] of partitions) all.set(topic, new Set(indexes));
  for (const { topic, partition } of added) {
    let indexes = all.get(topic);
    if (indexes === undefined) all.set(topic, (indexes = new Set()));
    indexes.add(partition);
  }
  return all;
}

export function* partitionNames(partitions: TransactionPartitions): Generator<PartitionName> {
  for (const [topic, indexes] of partitions) for (const partition of indexes) yield { topic, partition };
}
