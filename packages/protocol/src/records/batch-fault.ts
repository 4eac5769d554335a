/** The names of Kafka's errors that a record batch can earn. */
export type BatchError =
  | 'CORRUPT_MESSAGE'
  | 'INVALID_RECORD'
  | 'INVALID_TIMESTAMP'
  | 'MESSAGE_TOO_LARGE'
  | 'UNKNOWN_SERVER_ERROR'
  | 'UNSUPPORTED_COMPRESSION_TYPE';

export interface RecordFault {
  readonly batchIndex: number;
  readonly message: string;
}

/** Why a batch may not be appended, and which of its records are to blame, where it is not the batch as a whole. */
export interface BatchFault {
  readonly error: BatchError;
  readonly message: string;
  readonly recordErrors: readonly RecordFault[];
}

export const batchFault = (
  error: BatchError,
  message: string,
  recordErrors: readonly RecordFault[] = [],
): BatchFault => ({
  error,
  message,
  recordErrors,
});
