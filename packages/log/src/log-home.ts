/** What a log needs of the directory it lies in. */
import type { Host } from '@millrace/base';

import type { Log } from './log.ts';

export interface LogHome {
  readonly host: Host;
  /** The folder that holds the partitions' folders. */
  readonly path: string;
  /** A write or a sync failed for another reason than room: nothing more is written here. */
  readonly failure: Error | undefined;
  /** The disk was full a moment ago: appends are refused without trying. */
  readonly isFull: boolean;
  /** Something is in files, or in a folder, that is not synced. */
  wrote(log: Log): void;
  /** The start offset, or what may be given up, changed: it waits for the next checkpoint. */
  changed(log: Log): void;
  full(): void;
  fail(error: Error): void;
  /** Makes it durable, before it returns, that nothing of this log outside of these offsets is to be believed. */
  lower(log: Log, recoveryPoint: number, startOffset: number): void;
  /** Renames the folder of a closed log; it is removed later. */
  deleteFolder(log: Log): void;
  /** The log is closed. */
  gone(log: Log): void;
}
