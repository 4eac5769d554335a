/** DescribeTransactions (65), version 0. In: transactional ids. Out: the state of each. */
import { apis, type DescribeTransactionsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { whenAllAnswered } from '../coordinator/all-answers.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';
import { type DescribedTransaction, undescribed } from '../transaction/transaction-query.ts';

export function describeTransactions(
  doors: Doors,
  { transactionalIds }: DescribeTransactionsRequest,
  exchange: Exchange,
): Answer<typeof apis.describeTransactions> {
  const answered = whenAllAnswered<DescribedTransaction>(transactionalIds.length, (transactionStates) =>
    doors.answer(exchange, { transactionStates }),
  );
  for (const [index, id] of transactionalIds.entries()) {
    doors.transactions.describe(id, {
      answer: (described) => answered(index, described),
      fail: (errorCode) => answered(index, undescribed(id, errorCode)),
    });
  }
  return later;
}
