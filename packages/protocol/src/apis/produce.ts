import {
  api,
  arrayOf,
  int16,
  int32,
  int64,
  nullable,
  records,
  string,
  struct,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Appends record batches. With acks 0 there is no answer at all. */
export const produce = api(
  0,
  'Produce',
  '3-13',
  9,
  {
    transactionalId: nullable(string({ default: null })),
    /** 0: no answer; 1: the leader has it; -1: all in-sync replicas have it. */
    acks: int16(),
    timeoutMs: int32(),
    topicData: arrayOf({
      /** Versions since 13 name topics by id only. */
      name: string('3-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }),
      partitionData: arrayOf({
        index: int32(),
        /** One batch of format 2 in a well-formed request. */
        records: nullable(records()),
      }),
    }),
  },
  {
    responses: arrayOf({
      name: string('3-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }),
      partitionResponses: arrayOf({
        index: int32(),
        errorCode: int16(),
        /** The offset of the first record, -1 on error. */
        baseOffset: int64(),
        /** -1 where the topic keeps the time of creation. */
        logAppendTimeMs: int64({ default: -1 }),
        logStartOffset: int64('5+', { default: -1, ignorable: true }),
        /** Which records of the batch were refused; then none is stored. */
        recordErrors: arrayOf(
          '8+',
          { ignorable: true },
          {
            batchIndex: int32(),
            batchIndexErrorMessage: nullable(string({ default: null })),
          },
        ),
        errorMessage: nullable(string('8+', { default: null, ignorable: true })),
        /** With NOT_LEADER_OR_FOLLOWER and the like: where to go, which saves a Metadata round. */
        currentLeader: struct(
          '10+',
          { tag: 0 },
          {
            leaderId: int32({ default: -1 }),
            leaderEpoch: int32({ default: -1 }),
          },
        ),
      }),
    }),
    throttleTimeMs: int32({ default: 0 }),
    /** The endpoints of all leaders named in this answer. */
    nodeEndpoints: arrayOf(
      '10+',
      { tag: 0 },
      {
        nodeId: int32(),
        host: string(),
        port: int32(),
        rack: nullable(string({ default: null })),
      },
    ),
  },
);

export interface ProduceRequest extends RequestOf<typeof produce> {}
export interface ProduceResponse extends ResponseOf<typeof produce> {}
