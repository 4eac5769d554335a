import { api, arrayOf, int16, int32, nullable, string, uuid, type RequestOf, type ResponseOf } from '../schema.ts';

/** Deletes topics: by name until version 5, by name or id since version 6. */
export const deleteTopics = api(
  20,
  'DeleteTopics',
  '1-6',
  4,
  {
    topics: arrayOf('6+', {
      /** Null when named by id. */
      name: nullable(string({ default: null })),
      topicId: uuid(),
    }),
    topicNames: arrayOf('1-5', { ignorable: true }, string()),
    timeoutMs: int32(),
  },
  {
    throttleTimeMs: int32(),
    responses: arrayOf({
      name: nullable('6+', string()),
      topicId: uuid('6+', { ignorable: true }),
      errorCode: int16(),
      errorMessage: nullable(string('5+', { default: null, ignorable: true })),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface DeleteTopicsRequest extends RequestOf<typeof deleteTopics> {}
export interface DeleteTopicsResponse extends ResponseOf<typeof deleteTopics> {}
