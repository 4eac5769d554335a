/**
 * InitProducerId (22), versions 0 to 5. In: a producer that is idempotent only, or one with a transactional id, which may want to go
 * on after an error. Out: a producer id that no one else has; with a transactional id an epoch that fences who had it before. Left
 * out: version 6, which Kafka marks unstable, and with it two-phase commit.
 */
import { apis, errors, type InitProducerIdRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';
import { nobody, type ProducerIdentity } from '../transaction/transaction.ts';

type InitProducerIdAnswer = Exclude<Awaited<Answer<typeof apis.initProducerId>>, symbol>;

const fencedSince = 4;

export async function initProducerId(
  doors: Doors,
  request: InitProducerIdRequest,
  exchange: Exchange,
): Promise<InitProducerIdAnswer | typeof later> {
  const { transactionalId: id, transactionTimeoutMs: timeoutMs, producerId, producerEpoch } = request;
  if (producerId < -1 || (producerId === -1) !== (producerEpoch === -1)) return refusal(errors.INVALID_REQUEST);
  if (id === null) return success({ producerId: await doors.producerIds.next(), producerEpoch: 0 });
  const expected = producerId === -1 ? undefined : { producerId, producerEpoch };
  doors.transactions.initProducer(
    { id, timeoutMs, expected },
    {
      answer: (identity) => doors.answer(exchange, success(identity)),
      fail: (errorCode) => {
        const isOld = errorCode === errors.PRODUCER_FENCED && exchange.apiVersion < fencedSince;
        doors.answer(exchange, refusal(isOld ? errors.INVALID_PRODUCER_EPOCH : errorCode));
      },
    },
  );
  return later;
}

function success({ producerId, producerEpoch }: ProducerIdentity): InitProducerIdAnswer {
  return { throttleTimeMs: 0, errorCode: errors.NONE, producerId, producerEpoch };
}

function refusal(errorCode: number): InitProducerIdAnswer {
  return { throttleTimeMs: 0, errorCode, ...nobody };
}
