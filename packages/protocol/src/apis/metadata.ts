import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  nullable,
  string,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Brokers, topics and leaders: how a client finds its way. Also creates topics where that is allowed. */
export const metadata = api(
  3,
  'Metadata',
  '0-13',
  9,
  {
    /** Null (in version 0 an empty list): all topics. */
    topics: nullable(
      '1+',
      arrayOf({
        topicId: uuid('10+', { ignorable: true }),
        name: nullable('10+', string()),
      }),
    ),
    allowAutoTopicCreation: bool('4+', { default: true }),
    includeClusterAuthorizedOperations: bool('8-10'),
    includeTopicAuthorizedOperations: bool('8+'),
  },
  {
    throttleTimeMs: int32('3+', { ignorable: true }),
    brokers: arrayOf({
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: nullable(string('1+', { default: null, ignorable: true })),
    }),
    clusterId: nullable(string('2+', { default: null, ignorable: true })),
    controllerId: int32('1+', { default: -1, ignorable: true }),
    topics: arrayOf({
      errorCode: int16(),
      name: nullable('12+', string()),
      topicId: uuid('10+', { ignorable: true }),
      isInternal: bool('1+', { default: false, ignorable: true }),
      partitions: arrayOf({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32('7+', { default: -1, ignorable: true }),
        replicaNodes: arrayOf(int32()),
        /** The replicas in sync. */
        isrNodes: arrayOf(int32()),
        offlineReplicas: arrayOf('5+', { ignorable: true }, int32()),
      }),
      /** A bit per operation; the smallest int32 where it was not asked for. */
      topicAuthorizedOperations: int32('8+', { default: -0x8000_0000 }),
    }),
    clusterAuthorizedOperations: int32('8-10', { default: -0x8000_0000 }),
    errorCode: int16('13+', { ignorable: true }),
  },
);

export interface MetadataRequest extends RequestOf<typeof metadata> {}
export interface MetadataResponse extends ResponseOf<typeof metadata> {}
