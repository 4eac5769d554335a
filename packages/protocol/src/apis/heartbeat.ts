import { api, int16, int32, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** A member of a classic group is alive, and learns of rebalances. */
export const heartbeat = api(
  12,
  'Heartbeat',
  '0-4',
  4,
  {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: nullable(string('3+', { default: null })),
  },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16(),
  },
);

export interface HeartbeatRequest extends RequestOf<typeof heartbeat> {}
export interface HeartbeatResponse extends ResponseOf<typeof heartbeat> {}
