/**
 * The thread that cleans logs. In: jobs, one at a time. Out: new files to be put in their place, and how it ended. It reads and writes
 * files of its own accord, and never touches one that counts: names are changed by the main thread only.
 */
import { parentPort, type MessagePort } from 'node:worker_threads';

import { assert, NodeDisk } from '@millrace/base';

import type { CleanJob, CleanOutcome, Replacement } from './clean-job.ts';
import { cleanLog } from './clean-log.ts';
import { Throttle } from './throttle.ts';

export type ToWorker =
  | {
      readonly kind: 'clean';
      readonly job: CleanJob;
      /** Not 0 when the job is to end. */
      readonly stop: Int32Array;
    }
  | { readonly kind: 'swapped'; readonly isDone: boolean };

export type FromWorker =
  | { readonly kind: 'swap'; readonly replacement: Replacement }
  | { readonly kind: 'done'; readonly outcome: CleanOutcome | undefined }
  | { readonly kind: 'failed'; readonly message: string; readonly code: unknown };

const disk = new NodeDisk();

function serve(port: MessagePort): void {
  let swapped: ((isDone: boolean) => void) | undefined;
  const swap = (replacement: Replacement): Promise<boolean> =>
    new Promise((resolve) => {
      swapped = resolve;
      tell({ kind: 'swap', replacement });
    });
  const tell = (message: FromWorker): void => port.postMessage(message);
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'swapped') {
      swapped?.(message.isDone);
      return;
    }
    run(message.job, message.stop, swap).then(
      (outcome) => tell({ kind: 'done', outcome }),
      (error: unknown) => tell({ kind: 'failed', message: messageOf(error), code: codeOf(error) }),
    );
  });
}

async function run(
  job: CleanJob,
  stop: Int32Array,
  swap: (replacement: Replacement) => Promise<boolean>,
): Promise<CleanOutcome | undefined> {
  const throttle = new Throttle(job.limits.bytesPerSecondMax, performance.now());
  const steps = cleanLog(disk, job);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    const { value } = step;
    if (value.kind === 'swap' && !(await swap(value))) break;
    if (value.kind === 'work') {
      const waitMs = throttle.after(value.bytes, performance.now());
      if (waitMs > 0) Atomics.wait(stop, 0, 0, waitMs);
    }
    if (Atomics.load(stop, 0) !== 0) break;
  }
  steps.return(undefined as never);
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

assert(parentPort, 'this runs in a thread of its own');
serve(parentPort);
