import { api, arrayOf, int16, int32, int8, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Which broker keeps a group, a transactional id or a share partition: one key until version 3, many since version 4. */
export const findCoordinator = api(
  10,
  'FindCoordinator',
  '0-6',
  3,
  {
    key: string('0-3'),
    /** 0: group; 1: transactional id; 2: share partition. */
    keyType: int8('1+', { default: 0 }),
    coordinatorKeys: arrayOf('4+', string()),
  },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('0-3'),
    errorMessage: nullable(string('1-3', { ignorable: true })),
    nodeId: int32('0-3'),
    host: string('0-3'),
    port: int32('0-3'),
    coordinators: arrayOf('4+', {
      key: string(),
      nodeId: int32(),
      host: string(),
      port: int32(),
      errorCode: int16(),
      errorMessage: nullable(string()),
    }),
  },
);

export interface FindCoordinatorRequest extends RequestOf<typeof findCoordinator> {}
export interface FindCoordinatorResponse extends ResponseOf<typeof findCoordinator> {}
