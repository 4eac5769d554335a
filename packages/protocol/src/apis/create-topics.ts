import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int8,
  nullable,
  string,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Creates topics, by counts or by a manual assignment. */
export const createTopics = api(
  19,
  'CreateTopics',
  '2-7',
  5,
  {
    topics: arrayOf({
      name: string(),
      /** -1: as the broker is set, or given by `assignments`. */
      numPartitions: int32(),
      /** -1: as the broker is set, or given by `assignments`. */
      replicationFactor: int16(),
      assignments: arrayOf({
        partitionIndex: int32(),
        brokerIds: arrayOf(int32()),
      }),
      configs: arrayOf({
        name: string(),
        value: nullable(string()),
      }),
    }),
    timeoutMs: int32({ default: 60_000 }),
    validateOnly: bool({ default: false }),
  },
  {
    throttleTimeMs: int32(),
    topics: arrayOf({
      name: string(),
      topicId: uuid('7+', { ignorable: true }),
      errorCode: int16(),
      errorMessage: nullable(string()),
      topicConfigErrorCode: int16('5+', { tag: 0, ignorable: true }),
      numPartitions: int32('5+', { default: -1, ignorable: true }),
      replicationFactor: int16('5+', { default: -1, ignorable: true }),
      configs: nullable(
        arrayOf(
          '5+',
          { ignorable: true },
          {
            name: string(),
            value: nullable(string()),
            readOnly: bool(),
            configSource: int8({ default: -1 }),
            isSensitive: bool(),
          },
        ),
      ),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface CreateTopicsRequest extends RequestOf<typeof createTopics> {}
export interface CreateTopicsResponse extends ResponseOf<typeof createTopics> {}
