/**
 * EndTxn (26), versions 0 to 5. In: commit or abort. Out: the end is certain; since 5 with the epoch that the producer goes on with,
 * because every end raises it (KIP-890).
 */
import { apis, errors, type EndTxnRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

const fencedSince = 2;
const raisesSince = 5;

export function endTxn(doors: Doors, request: EndTxnRequest, exchange: Exchange): Answer<typeof apis.endTxn> {
  const { transactionalId: id, producerId, producerEpoch, committed: isCommit } = request;
  const { apiVersion } = exchange;
  const clientVersion = apiVersion >= raisesSince ? 2 : 0;
  doors.transactions.endTransaction(
    { id, producerId, producerEpoch, isCommit, clientVersion },
    {
      answer: (next) =>
        doors.answer(exchange, {
          errorCode: errors.NONE,
          producerId: next.producerId,
          producerEpoch: next.producerEpoch,
        }),
      fail: (errorCode) => {
        const isOld = errorCode === errors.PRODUCER_FENCED && apiVersion < fencedSince;
        doors.answer(exchange, { errorCode: isOld ? errors.INVALID_PRODUCER_EPOCH : errorCode });
      },
    },
  );
  return later;
}
