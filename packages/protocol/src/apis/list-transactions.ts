import { api, arrayOf, int16, int32, int64, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Transactions this broker coordinates. */
export const listTransactions = api(
  66,
  'ListTransactions',
  '0-2',
  0,
  {
    stateFilters: arrayOf(string()),
    producerIdFilters: arrayOf(int64()),
    durationFilter: int64('1+', { default: -1 }),
    transactionalIdPattern: nullable(string('2+', { default: null })),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    unknownStateFilters: arrayOf(string()),
    transactionStates: arrayOf({
      transactionalId: string(),
      producerId: int64(),
      transactionState: string(),
    }),
  },
);

export interface ListTransactionsRequest extends RequestOf<typeof listTransactions> {}
export interface ListTransactionsResponse extends ResponseOf<typeof listTransactions> {}
