/**
 * InitProducerId (22), versions 0 to 5. In: nothing, or a producer that wants its epoch raised. Out: a producer id that no one else
 * has. Left out: transactional ids (their coordinator comes later), and with them version 6, which Kafka marks unstable.
 */
import { apis, errors, type InitProducerIdRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

type InitProducerIdAnswer = Exclude<Awaited<Answer<typeof apis.initProducerId>>, symbol>;

export async function initProducerId(doors: Doors, request: InitProducerIdRequest): Promise<InitProducerIdAnswer> {
  const refuse = (errorCode: number): InitProducerIdAnswer => ({
    throttleTimeMs: 0,
    errorCode,
    producerId: -1,
    producerEpoch: -1,
  });
  if (request.transactionalId !== null) {
    return refuse(request.transactionalId === '' ? errors.INVALID_REQUEST : errors.UNSUPPORTED_VERSION);
  }
  if (request.producerId < -1 || (request.producerId === -1) !== (request.producerEpoch === -1))
    return refuse(errors.INVALID_REQUEST);
  const producerId = await doors.producerIds.next();
  return { throttleTimeMs: 0, errorCode: errors.NONE, producerId, producerEpoch: 0 };
}
