import { api, int16, int32, int64, type RequestOf, type ResponseOf } from '../schema.ts';

/** A broker gets a block of producer ids from the controller. */
export const allocateProducerIds = api(
  67,
  'AllocateProducerIds',
  '0',
  0,
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerIdStart: int64(),
    producerIdLen: int32(),
  },
  { listeners: ['controller'] },
);

export interface AllocateProducerIdsRequest extends RequestOf<typeof allocateProducerIds> {}
export interface AllocateProducerIdsResponse extends ResponseOf<typeof allocateProducerIds> {}
