import { api, arrayOf, bool, int16, int32, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Raises the partition count of topics. */
export const createPartitions = api(
  37,
  'CreatePartitions',
  '0-3',
  2,
  {
    topics: arrayOf({
      name: string(),
      count: int32(),
      assignments: nullable(
        arrayOf({
          brokerIds: arrayOf(int32()),
        }),
      ),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
  {
    throttleTimeMs: int32(),
    results: arrayOf({
      name: string(),
      errorCode: int16(),
      errorMessage: nullable(string({ default: null })),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface CreatePartitionsRequest extends RequestOf<typeof createPartitions> {}
export interface CreatePartitionsResponse extends ResponseOf<typeof createPartitions> {}
