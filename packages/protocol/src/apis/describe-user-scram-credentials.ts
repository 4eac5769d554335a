import { api, arrayOf, int16, int32, int8, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Which SCRAM mechanisms users have. */
export const describeUserScramCredentials = api(
  50,
  'DescribeUserScramCredentials',
  '0',
  0,
  {
    /** Null or empty: all. */
    users: nullable(
      arrayOf({
        name: string(),
      }),
    ),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
    results: arrayOf({
      user: string(),
      errorCode: int16(),
      errorMessage: nullable(string()),
      credentialInfos: arrayOf({
        mechanism: int8(),
        iterations: int32(),
      }),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface DescribeUserScramCredentialsRequest extends RequestOf<typeof describeUserScramCredentials> {}
export interface DescribeUserScramCredentialsResponse extends ResponseOf<typeof describeUserScramCredentials> {}
