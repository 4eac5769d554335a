import {
  api,
  arrayOf,
  int16,
  int32,
  int64,
  int64Max,
  int8,
  nullable,
  records,
  string,
  struct,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Reads record batches, for consumers and for followers; waits until `minBytes` are there or `maxWaitMs` are over. */
export const fetch = api(
  1,
  'Fetch',
  '4-18',
  12,
  {
    clusterId: nullable(string('12+', { tag: 0, default: null, ignorable: true })),
    /** -1 for a consumer; since version 15 in `replicaState`. */
    replicaId: int32('4-14', { default: -1 }),
    replicaState: struct(
      '15+',
      { tag: 1 },
      {
        replicaId: int32({ default: -1 }),
        replicaEpoch: int64({ default: -1 }),
      },
    ),
    maxWaitMs: int32(),
    minBytes: int32(),
    /** A first batch larger than this is sent all the same, or the reader would never get on. */
    maxBytes: int32({ default: 0x7fff_ffff }),
    /** 0: read uncommitted; 1: read committed. */
    isolationLevel: int8({ default: 0 }),
    /** 0: no session yet. */
    sessionId: int32('7+', { default: 0, ignorable: true }),
    /** -1: no session wanted; 0: open one; then counted up by each request. */
    sessionEpoch: int32('7+', { default: -1, ignorable: true }),
    /** In a session: only what has changed. */
    topics: arrayOf({
      topic: string('4-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }),
      partitions: arrayOf({
        partition: int32(),
        currentLeaderEpoch: int32('9+', { default: -1, ignorable: true }),
        fetchOffset: int64(),
        /** Lets the leader see that a log has diverged and where. */
        lastFetchedEpoch: int32('12+', { default: -1 }),
        /** From followers only. */
        logStartOffset: int64('5+', { default: -1, ignorable: true }),
        partitionMaxBytes: int32(),
        replicaDirectoryId: uuid('17+', { tag: 0, ignorable: true }),
        /** What the follower knows; -1: nothing yet; the maximum: too old to say. */
        highWatermark: int64('18+', { tag: 1, default: int64Max, ignorable: true }),
      }),
    }),
    /** Partitions to drop from the session. */
    forgottenTopicsData: arrayOf('7+', {
      topic: string('7-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }),
      partitions: arrayOf(int32()),
    }),
    rackId: string('11+', { default: '', ignorable: true }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16('7+', { ignorable: true }),
    /** 0 where no session was opened. */
    sessionId: int32('7+', { default: 0 }),
    responses: arrayOf({
      topic: string('4-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        highWatermark: int64(),
        /** Below it every transaction has ended; readers of committed records see nothing above. */
        lastStableOffset: int64({ default: -1 }),
        logStartOffset: int64('5+', { default: -1, ignorable: true }),
        /** The log of the asker diverged: the last epoch they share, and where it ends here. */
        divergingEpoch: struct(
          '12+',
          { tag: 0 },
          {
            epoch: int32({ default: -1 }),
            endOffset: int64({ default: -1 }),
          },
        ),
        currentLeader: struct(
          '12+',
          { tag: 1 },
          {
            leaderId: int32({ default: -1 }),
            leaderEpoch: int32({ default: -1 }),
          },
        ),
        /** The offset asked for is gone; fetch this snapshot instead. */
        snapshotId: struct(
          '12+',
          { tag: 2 },
          {
            endOffset: int64({ default: -1 }),
            epoch: int32({ default: -1 }),
          },
        ),
        /** For readers of committed records: what to leave out. Null for the others. */
        abortedTransactions: nullable(
          arrayOf({
            producerId: int64(),
            firstOffset: int64(),
          }),
        ),
        /** A nearer replica to read from, -1 for none. */
        preferredReadReplica: int32('11+', { default: -1 }),
        records: nullable(records()),
      }),
    }),
    nodeEndpoints: arrayOf(
      '16+',
      { tag: 0 },
      {
        nodeId: int32(),
        host: string(),
        port: int32(),
        rack: nullable(string({ default: null })),
      },
    ),
  },
  { listeners: ['broker', 'controller'] },
);

export interface FetchRequest extends RequestOf<typeof fetch> {}
export interface FetchResponse extends ResponseOf<typeof fetch> {}
