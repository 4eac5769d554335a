import { api, arrayOf, int16, int32, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Reassignments under way. */
export const listPartitionReassignments = api(
  46,
  'ListPartitionReassignments',
  '0',
  0,
  {
    timeoutMs: int32({ default: 60_000 }),
    /** Null: all. */
    topics: nullable(
      arrayOf(
        { default: null },
        {
          name: string(),
          partitionIndexes: arrayOf(int32()),
        },
      ),
    ),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        replicas: arrayOf(int32()),
        addingReplicas: arrayOf(int32()),
        removingReplicas: arrayOf(int32()),
      }),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface ListPartitionReassignmentsRequest extends RequestOf<typeof listPartitionReassignments> {}
export interface ListPartitionReassignmentsResponse extends ResponseOf<typeof listPartitionReassignments> {}
