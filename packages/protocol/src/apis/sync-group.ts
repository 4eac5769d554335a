import { api, arrayOf, bytes, int16, int32, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** The leader of a classic group hands out assignments, every member waits for its own. */
export const syncGroup = api(
  14,
  'SyncGroup',
  '0-5',
  4,
  {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: nullable(string('3+', { default: null })),
    protocolType: nullable(string('5+', { default: null, ignorable: true })),
    protocolName: nullable(string('5+', { default: null, ignorable: true })),
    /** From the leader only. */
    assignments: arrayOf({
      memberId: string(),
      /** For consumers a ConsumerProtocolAssignment. */
      assignment: bytes(),
    }),
  },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16(),
    protocolType: nullable(string('5+', { default: null, ignorable: true })),
    protocolName: nullable(string('5+', { default: null, ignorable: true })),
    assignment: bytes(),
  },
);

export interface SyncGroupRequest extends RequestOf<typeof syncGroup> {}
export interface SyncGroupResponse extends ResponseOf<typeof syncGroup> {}
