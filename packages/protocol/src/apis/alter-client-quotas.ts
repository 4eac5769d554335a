import {
  api,
  arrayOf,
  bool,
  float64,
  int16,
  int32,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Sets and removes client quotas. */
export const alterClientQuotas = api(
  49,
  'AlterClientQuotas',
  '0-1',
  1,
  {
    entries: arrayOf({
      entity: arrayOf({
        entityType: string(),
        /** Null: the default. */
        entityName: nullable(string()),
      }),
      ops: arrayOf({
        key: string(),
        value: float64(),
        remove: bool(),
      }),
    }),
    validateOnly: bool(),
  },
  {
    throttleTimeMs: int32(),
    entries: arrayOf({
      errorCode: int16(),
      errorMessage: nullable(string()),
      entity: arrayOf({
        entityType: string(),
        entityName: nullable(string()),
      }),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface AlterClientQuotasRequest extends RequestOf<typeof alterClientQuotas> {}
export interface AlterClientQuotasResponse extends ResponseOf<typeof alterClientQuotas> {}
