import { type ErrorName, KafkaError } from '@millrace/protocol';

export interface RecordError {
  readonly batchIndex: number;
  readonly message: string | null;
}

/** Thrown by `append`, which then has changed nothing. `recordErrors` names the records at fault where Kafka does. */
export class AppendError extends KafkaError {
  readonly recordErrors: readonly RecordError[];

  constructor(error: ErrorName, message: string, recordErrors: readonly RecordError[] = [], options?: ErrorOptions) {
    super(error, message, options);
    this.recordErrors = recordErrors;
  }
}
