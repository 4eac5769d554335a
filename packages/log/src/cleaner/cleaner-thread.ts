/** The main thread's side of `cleaner-worker.ts`. In: orders. Out: messages there and back, and the thread's begin and end. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

import { MillraceError } from '@millrace/base';

import { type CleanOutcome, columnsOf } from './clean-job.ts';
import type { CleanOrder, LogCleaner } from './clean-order.ts';
import type { FromWorker, ToWorker } from './cleaner-worker.ts';

/** The young generation takes this much three times over; what a cleaning makes lives for moments only. */
const youngMiB = 4;

export class CleanerThread implements LogCleaner {
  #worker: Worker | undefined;

  async clean(order: CleanOrder): Promise<CleanOutcome | undefined> {
    // It changed while the job was put together: no thread need begin.
    if (order.signal.aborted) return undefined;
    const worker = (this.#worker ??= this.#begin());
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const onAbort = (): void => {
      Atomics.store(stop, 0, 1);
      Atomics.notify(stop, 0);
    };
    order.signal.addEventListener('abort', onAbort);
    try {
      return await converse(worker, stop, order);
    } catch (error) {
      // Files may be gone that were to be read.
      if (order.signal.aborted) return undefined;
      throw error;
    } finally {
      order.signal.removeEventListener('abort', onAbort);
    }
  }

  async rest(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  /** The worker's file lies beside this one: as source, or as a bundle beside the bundle that this is in. */
  #begin(): Worker {
    const worker = new Worker(new URL(`cleaner-worker${extname(import.meta.url)}`, import.meta.url), {
      name: 'log-cleaner',
      resourceLimits: { maxYoungGenerationSizeMb: youngMiB },
    });
    worker.unref();
    // Between jobs nobody else would hear of an error.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}

function converse(
  worker: Worker,
  stop: Int32Array,
  { job, signal, swap }: CleanOrder,
): Promise<CleanOutcome | undefined> {
  return new Promise((resolve, reject) => {
    const tell = (message: ToWorker, given: ArrayBuffer[] = []): void => worker.postMessage(message, given);
    const heard = (message: FromWorker): void => {
      if (message.kind === 'swap')
        swap(message.replacement).then((isDone) => tell({ kind: 'swapped', isDone }), reject);
      else if (message.kind === 'failed') done(() => reject(failure(message)));
      else done(() => resolve(signal.aborted ? undefined : message.outcome));
    };
    const ended = (cause?: unknown): void =>
      done(() => reject(new MillraceError('CLOSED', 'The thread that cleans logs has ended.', { cause })));
    const done = (settle: () => void): void => {
      worker.off('message', heard).off('error', ended).off('exit', ended);
      settle();
    };
    worker.on('message', heard).on('error', ended).on('exit', ended);
    tell({ kind: 'clean', job, stop }, columnsOf(job));
  });
}

function failure({ message, code }: Extract<FromWorker, { kind: 'failed' }>): Error {
  if (code === 'CORRUPT' || code === 'LIMIT') return new MillraceError(code, message);
  return Object.assign(new Error(message), { code });
}
