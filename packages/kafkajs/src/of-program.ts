/** Errors that functions of the program threw, which go back to it as they are, through the client and out again. */
import { isClientError } from '@millrace/client';

const thrown = new WeakSet<object>();

export async function ofProgram<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && !isClientError(error)) thrown.add(error);
    throw error;
  }
}

export function isOfProgram(error: unknown): boolean {
  return error instanceof Error && thrown.has(error);
}
