import { api, arrayOf, int16, int32, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Leaves a classic group: one member until version 2, many since version 3. */
export const leaveGroup = api(
  13,
  'LeaveGroup',
  '0-5',
  4,
  {
    groupId: string(),
    memberId: string('0-2'),
    members: arrayOf('3+', {
      /** May be empty when the static member is named by its instance. */
      memberId: string(),
      groupInstanceId: nullable(string({ default: null })),
      reason: nullable(string('5+', { default: null, ignorable: true })),
    }),
  },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16(),
    members: arrayOf('3+', {
      memberId: string(),
      groupInstanceId: nullable(string()),
      errorCode: int16(),
    }),
  },
);

export interface LeaveGroupRequest extends RequestOf<typeof leaveGroup> {}
export interface LeaveGroupResponse extends ResponseOf<typeof leaveGroup> {}
