/**
 * ListTransactions (66), versions 0 to 2. In: states, producer ids, since 1 how long a transaction is open, since 2 a pattern of its id
 * (RE2). Out: the transactional ids that are meant.
 */
import { apis, errors, type ListTransactionsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import { re2Pattern } from '../re2-pattern.ts';
import { isState } from '../transaction/transaction-query.ts';

type ListTransactionsAnswer = Exclude<Awaited<Answer<typeof apis.listTransactions>>, symbol>;

export async function listTransactions(
  doors: Doors,
  request: ListTransactionsRequest,
): Promise<ListTransactionsAnswer> {
  const matches = matcherOf(request.transactionalIdPattern);
  if (matches === 'malformed')
    return {
      throttleTimeMs: 0,
      errorCode: errors.INVALID_REGULAR_EXPRESSION,
      unknownStateFilters: [],
      transactionStates: [],
    };
  const found = await doors.transactions.list({
    states: new Set(request.stateFilters.filter(isState)),
    // States that nobody knows are nobody's, unless there are others.
    isNone: request.stateFilters.length > 0 && !request.stateFilters.some(isState),
    producerIds: new Set(request.producerIdFilters),
    durationMs: request.durationFilter,
    matches,
  });
  return {
    throttleTimeMs: 0,
    errorCode: errors.NONE,
    unknownStateFilters: request.stateFilters.filter((name) => !isState(name)),
    transactionStates: found.map(({ id, producerId, state }) => ({
      transactionalId: id,
      producerId,
      transactionState: state,
    })),
  };
}

function matcherOf(pattern: string | null): ((id: string) => boolean) | undefined | 'malformed' {
  if (pattern === null || pattern === '') return undefined;
  const compiled = re2Pattern(pattern);
  return typeof compiled === 'string' ? 'malformed' : (id) => compiled.matches(id);
}
