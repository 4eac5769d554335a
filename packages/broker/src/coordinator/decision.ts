/**
 * What a request or a timer leads to. The runtime appends the records, replays them, and then calls `written`; when the append
 * fails nothing is replayed and `failed` is called instead. Who decides without records has answered already.
 */
import type { CoordinatorRecord } from './records.ts';

export interface Decision {
  readonly records: readonly CoordinatorRecord[];
  readonly written: () => void;
  /** The code is meant for clients. */
  readonly failed: (errorCode: number) => void;
}

const nothing = (): void => {};

export const noRecords: Decision = { records: [], written: nothing, failed: nothing };
