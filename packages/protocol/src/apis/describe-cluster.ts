import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int8,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Cluster id, controller and the endpoints of brokers or controllers. */
export const describeCluster = api(
  60,
  'DescribeCluster',
  '0-2',
  0,
  {
    includeClusterAuthorizedOperations: bool(),
    /** 1 brokers, 2 controllers. */
    endpointType: int8('1+', { default: 1 }),
    includeFencedBrokers: bool('2+'),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string({ default: null })),
    endpointType: int8('1+', { default: 1 }),
    clusterId: string(),
    controllerId: int32({ default: -1 }),
    brokers: arrayOf({
      brokerId: int32(),
      host: string(),
      port: int32(),
      rack: nullable(string({ default: null })),
      isFenced: bool('2+'),
    }),
    clusterAuthorizedOperations: int32({ default: -0x8000_0000 }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface DescribeClusterRequest extends RequestOf<typeof describeCluster> {}
export interface DescribeClusterResponse extends ResponseOf<typeof describeCluster> {}
