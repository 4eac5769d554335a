import {
  api,
  arrayOf,
  bool,
  float64,
  int16,
  int32,
  int8,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Client quotas by entity. */
export const describeClientQuotas = api(
  48,
  'DescribeClientQuotas',
  '0-1',
  1,
  {
    components: arrayOf({
      entityType: string(),
      /** 0 exactly, 1 the default, 2 any that is named. */
      matchType: int8(),
      match: nullable(string()),
    }),
    strict: bool(),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
    /** Null when the whole request failed. */
    entries: nullable(
      arrayOf({
        entity: arrayOf({
          entityType: string(),
          entityName: nullable(string()),
        }),
        values: arrayOf({
          key: string(),
          value: float64(),
        }),
      }),
    ),
  },
);

export interface DescribeClientQuotasRequest extends RequestOf<typeof describeClientQuotas> {}
export interface DescribeClientQuotasResponse extends ResponseOf<typeof describeClientQuotas> {}
