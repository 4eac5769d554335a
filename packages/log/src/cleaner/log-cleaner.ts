/**
 * Runs the cleaning of logs, one at a time. On a real disk in a thread of its own, which begins with the first job and ends when there is
 * nothing to do, so that it costs nothing at rest; on any other disk here, in slices between which everybody else has a turn.
 */
import { type Disk, NodeDisk } from '@millrace/base';

import type { CleanOutcome, CleanStep } from './clean-job.ts';
import { cleanLog } from './clean-log.ts';
import type { CleanOrder, LogCleaner } from './clean-order.ts';
import { CleanerThread } from './cleaner-thread.ts';
import { turn } from './turn.ts';

export function logCleanerFor(disk: Disk): LogCleaner {
  return disk instanceof NodeDisk ? new CleanerThread() : new InlineCleaner(disk);
}

/** A slice ends after so many bytes, which takes a millisecond or two. */
const sliceBytes = 256 << 10;
const bufferBytesMax = 128 << 10;

class InlineCleaner implements LogCleaner {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async clean(order: CleanOrder): Promise<CleanOutcome | undefined> {
    try {
      return await this.#clean(order);
    } catch (error) {
      // Files may be gone that were to be read.
      if (order.signal.aborted) return undefined;
      throw error;
    }
  }

  async rest(): Promise<void> {}

  async #clean({ job, signal, swap }: CleanOrder): Promise<CleanOutcome | undefined> {
    const limits = { ...job.limits, bufferBytes: Math.min(job.limits.bufferBytes, bufferBytesMax) };
    const steps = cleanLog(this.#disk, { ...job, limits });
    let left = sliceBytes;
    for (;;) {
      const step: IteratorResult<CleanStep, CleanOutcome> = steps.next();
      if (step.done === true) return signal.aborted ? undefined : step.value;
      if (step.value.kind === 'swap') {
        if (!(await swap(step.value))) break;
        continue;
      }
      left -= step.value.bytes;
      if (left > 0) continue;
      left = sliceBytes;
      await turn();
      if (signal.aborted) break;
    }
    steps.return(undefined as never);
    return undefined;
  }
}
