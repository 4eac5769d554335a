import {
  api,
  arrayOf,
  bool,
  bytes,
  int16,
  int32,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Enters a classic group and waits for the generation to form; the leader learns all members. */
export const joinGroup = api(
  11,
  'JoinGroup',
  '0-9',
  6,
  {
    groupId: string(),
    sessionTimeoutMs: int32(),
    /** In version 0 the session timeout serves as both. */
    rebalanceTimeoutMs: int32('1+', { default: -1, ignorable: true }),
    memberId: string(),
    /** Set by a static member; keeps its assignment over a restart. */
    groupInstanceId: nullable(string('5+', { default: null })),
    protocolType: string(),
    /** What the member can do, in the order it likes best. */
    protocols: arrayOf({
      name: string(),
      /** For consumers a ConsumerProtocolSubscription. */
      metadata: bytes(),
    }),
    reason: nullable(string('8+', { default: null, ignorable: true })),
  },
  {
    throttleTimeMs: int32('2+', { ignorable: true }),
    errorCode: int16(),
    generationId: int32({ default: -1 }),
    protocolType: nullable(string('7+', { default: null, ignorable: true })),
    protocolName: nullable('7+', string()),
    leader: string(),
    /** The leader came back and the assignment stands. */
    skipAssignment: bool('9+', { default: false }),
    memberId: string(),
    /** For the leader only; empty for the others. */
    members: arrayOf({
      memberId: string(),
      groupInstanceId: nullable(string('5+', { default: null, ignorable: true })),
      metadata: bytes(),
    }),
  },
);

export interface JoinGroupRequest extends RequestOf<typeof joinGroup> {}
export interface JoinGroupResponse extends ResponseOf<typeof joinGroup> {}
