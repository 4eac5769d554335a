/**
 * What a request or a timer leads to. The runtime appends the records, replays them, and then calls `written`; when the append
 * fails nothing is replayed and `failed` is called instead. Who decides without records has answered already.
 */
import type { CoordinatorRecord } from './records.ts';

/** Whose transaction records belong to. */
export interface RecordProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface Decision<R = CoordinatorRecord> {
  readonly records: readonly R[];
  /** The records count when this producer's transaction is committed. */
  readonly producer?: RecordProducer;
  readonly written: () => void;
  /** The code is meant for clients. */
  readonly failed: (errorCode: number) => void;
}

const nothing = (): void => {};

export const noRecords: Decision<never> = { records: [], written: nothing, failed: nothing };
