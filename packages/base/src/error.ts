/** What kind of thing went wrong on our own side of the API; the wire has its own table in `protocol`. */
export type ErrorCode = 'CONFIG' | 'CORRUPT' | 'IN_USE' | 'CLOSED' | 'TIMEOUT' | 'STORAGE' | 'LIMIT';

const brand = Symbol.for('millrace.error');

/** Thrown by Millrace itself. `message` says what was tried, on what, and what to do. */
export class MillraceError extends Error {
  override readonly name = 'MillraceError';
  readonly code: ErrorCode;
  readonly [brand] = true;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Holds across copies of the package, where `instanceof` does not. */
export function isMillraceError(error: unknown): error is MillraceError {
  return typeof error === 'object' && error !== null && brand in error;
}
