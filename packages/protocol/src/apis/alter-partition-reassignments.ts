import { api, arrayOf, bool, int16, int32, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Starts or, with null replicas, cancels reassignments. */
export const alterPartitionReassignments = api(
  45,
  'AlterPartitionReassignments',
  '0-1',
  0,
  {
    timeoutMs: int32({ default: 60_000 }),
    allowReplicationFactorChange: bool('1+', { default: true }),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        /** Null cancels. */
        replicas: nullable(arrayOf({ default: null }, int32())),
      }),
    }),
  },
  {
    throttleTimeMs: int32(),
    allowReplicationFactorChange: bool('1+', { default: true, ignorable: true }),
    errorCode: int16(),
    errorMessage: nullable(string()),
    responses: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: nullable(string()),
      }),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface AlterPartitionReassignmentsRequest extends RequestOf<typeof alterPartitionReassignments> {}
export interface AlterPartitionReassignmentsResponse extends ResponseOf<typeof alterPartitionReassignments> {}
