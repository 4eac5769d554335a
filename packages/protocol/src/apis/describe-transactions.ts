import { api, arrayOf, int16, int32, int64, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** State of transactions by transactional id. */
export const describeTransactions = api(
  65,
  'DescribeTransactions',
  '0',
  0,
  {
    transactionalIds: arrayOf(string()),
  },
  {
    throttleTimeMs: int32(),
    transactionStates: arrayOf({
      errorCode: int16(),
      transactionalId: string(),
      transactionState: string(),
      transactionTimeoutMs: int32(),
      transactionStartTimeMs: int64(),
      producerId: int64(),
      producerEpoch: int16(),
      topics: arrayOf({
        topic: string(),
        partitions: arrayOf(int32()),
      }),
    }),
  },
);

export interface DescribeTransactionsRequest extends RequestOf<typeof describeTransactions> {}
export interface DescribeTransactionsResponse extends ResponseOf<typeof describeTransactions> {}
