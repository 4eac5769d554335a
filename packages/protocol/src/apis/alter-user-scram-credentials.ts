import {
  api,
  arrayOf,
  bytes,
  int16,
  int32,
  int8,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Adds and removes SCRAM credentials. */
export const alterUserScramCredentials = api(
  51,
  'AlterUserScramCredentials',
  '0',
  0,
  {
    deletions: arrayOf({
      name: string(),
      mechanism: int8(),
    }),
    upsertions: arrayOf({
      name: string(),
      /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
      mechanism: int8(),
      iterations: int32(),
      salt: bytes(),
      saltedPassword: bytes(),
    }),
  },
  {
    throttleTimeMs: int32(),
    results: arrayOf({
      user: string(),
      errorCode: int16(),
      errorMessage: nullable(string()),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface AlterUserScramCredentialsRequest extends RequestOf<typeof alterUserScramCredentials> {}
export interface AlterUserScramCredentialsResponse extends ResponseOf<typeof alterUserScramCredentials> {}
