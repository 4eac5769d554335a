import { ClientError } from '../../error.ts';

/** The answer, or CLOSED as soon as the signal is given: nobody waits for it any more then. */
export async function interruptible<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new ClientError('CLOSED', 'The member is leaving its group.'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
    promise.catch(() => {});
    answer.catch(() => {});
  }
}
