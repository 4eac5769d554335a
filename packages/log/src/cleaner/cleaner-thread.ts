/** The main thread's side of `cleaner-worker.ts`. In: orders. Out: messages there and back, and the thread's begin and end. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

import { MillraceError } from '@millrace/base';

import type { CleanOutcome } from './clean-job.ts';
import type { CleanOrder, LogCleaner } from './clean-order.ts';
import type { FromWorker, ToWorker } from './cleaner-worker.ts';

/** The young generation takes this much three times over; what a cleaning makes lives for moments only. */
const youngMiB = 4;

export class CleanerThread implements LogCleaner {
  #worker: Worker | undefined;

  clean({ job, signal, swap }: CleanOrder): Promise<CleanOutcome | undefined> {
    const worker = (this.#worker ??= begin());
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const onAbort = (): void => {
      Atomics.store(stop, 0, 1);
      Atomics.notify(stop, 0);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    const tell = (message: ToWorker): void => worker.postMessage(message, []);
    return new Promise<CleanOutcome | undefined>((resolve, reject) => {
      const heard = (message: FromWorker): void => {
        if (message.kind === 'done') resolve(signal.aborted ? undefined : message.outcome);
        else if (message.kind === 'failed') {
          // Files may be gone that were to be read.
          if (signal.aborted) resolve(undefined);
          else reject(failure(message));
        } else swap(message.replacement).then((isDone) => tell({ kind: 'swapped', isDone }), reject);
      };
      const ended = (cause: unknown): void => {
        if (this.#worker === worker) this.#worker = undefined;
        reject(new MillraceError('CLOSED', 'The thread that cleans logs has ended.', { cause }));
      };
      worker.on('message', heard).once('error', ended).once('exit', ended);
      tell({ kind: 'clean', job, stop });
    }).finally(() => {
      signal.removeEventListener('abort', onAbort);
      worker.removeAllListeners();
      // An error that nobody hears would end the process.
      worker.on('error', () => void (this.#worker = undefined));
    });
  }

  async rest(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

/** The worker's file lies beside this one: as source, or as a bundle beside the bundle that this is in. */
function begin(): Worker {
  const worker = new Worker(new URL(`cleaner-worker${extname(import.meta.url)}`, import.meta.url), {
    name: 'log-cleaner',
    resourceLimits: { maxYoungGenerationSizeMb: youngMiB },
  });
  worker.unref();
  return worker;
}

function failure({ message, code }: Extract<FromWorker, { kind: 'failed' }>): Error {
  if (code === 'CORRUPT' || code === 'LIMIT') return new MillraceError(code, message);
  return Object.assign(new Error(message), { code });
}
