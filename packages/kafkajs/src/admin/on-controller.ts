import { retrier } from '../retry.ts';
import type { AdminParts } from './admin.ts';

/** Tries again when the controller has moved, or when the error's type is one of `passing`; every other failure is thrown as it is. */
export async function onController<T>(
  parts: AdminParts,
  attempt: () => Promise<T>,
  passing: readonly string[] = [],
): Promise<T> {
  const { cluster, logger, retry } = parts;
  return await retrier(retry)(async (bail, retryCount, retryTime) => {
    try {
      await cluster.refreshMetadata();
      return await attempt();
    } catch (error) {
      const { type = '', message } = error as Error & { type?: string };
      if (type !== 'NOT_CONTROLLER' && !passing.includes(type)) bail(error);
      logger.warn(`The controller has refused: ${message}`, { error: message, retryCount, retryTime });
      throw error;
    }
  });
}
