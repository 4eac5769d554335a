/** Trying again: a growing pause, a number of tries, and an error that says that all were in vain. */
import { KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded } from './errors.ts';

export interface RetryOptions {
  maxRetryTime?: number;
  initialRetryTime?: number;
  factor?: number;
  multiplier?: number;
  retries?: number;
  restartOnFailure?: (e: Error) => Promise<boolean>;
}

export const retryDefaults = { maxRetryTime: 30_000, initialRetryTime: 300, factor: 0.2, multiplier: 2, retries: 5 };

/** Ends the tries: what it is given is thrown as it is. */
export type Bail = (error: unknown) => never;
export type Retrier = <T>(attempt: (bail: Bail, retryCount: number, retryTime: number) => Promise<T>) => Promise<T>;

class Bailed {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}

const bail: Bail = (reason) => {
  throw new Bailed(reason);
};

/** Errors of the program, not of the world. */
const programErrors = new Set(['RangeError', 'ReferenceError', 'SyntaxError', 'TypeError']);

export function retrier(options: RetryOptions = {}): Retrier {
  const { maxRetryTime, initialRetryTime, factor, multiplier, retries } = { ...retryDefaults, ...options };
  const around = (ms: number): number => Math.ceil(ms * (1 - factor + 2 * factor * Math.random()));
  return async (attempt) => {
    let retryTime = around(initialRetryTime);
    for (let retryCount = 0; ; retryCount++) {
      try {
        return await attempt(bail, retryCount, retryTime);
      } catch (error) {
        if (error instanceof Bailed) throw error.reason;
        const { name, retriable, cause } = error as Error & { retriable?: boolean };
        if (retriable === false || programErrors.has(name))
          throw new KafkaJSNonRetriableError(error as Error, { cause: cause ?? error });
        if (retryCount >= retries) throw new KafkaJSNumberOfRetriesExceeded(error as Error, { retryCount, retryTime });
      }
      const pauseMs = retryTime;
      await new Promise<void>((resolve) => void setTimeout(resolve, pauseMs));
      retryTime = Math.min(around(retryTime) * multiplier, maxRetryTime);
    }
  };
}
