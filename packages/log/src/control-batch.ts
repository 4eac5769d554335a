import { decodeBatch, decodeControlRecord } from '@millrace/protocol';

/** A control record is two small numbers. */
const controlBytesMax = 1 << 10;

export interface TransactionEnd {
  readonly isCommit: boolean;
  readonly coordinatorEpoch: number;
}

/** What a control batch says of a transaction's end; undefined when it is of another kind. */
export function transactionEndOf(bytes: Buffer, at: number): TransactionEnd | undefined {
  const record = decodeBatch(bytes, at, controlBytesMax)[0];
  const control = record === undefined ? undefined : decodeControlRecord(record.key, record.value);
  if (control === undefined || typeof control.kind === 'number') return undefined;
  return { isCommit: control.kind === 'commit', coordinatorEpoch: control.coordinatorEpoch };
}
