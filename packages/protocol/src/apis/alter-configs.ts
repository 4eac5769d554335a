import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int8,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Replaces all settings of a resource. Superseded by IncrementalAlterConfigs. */
export const alterConfigs = api(
  33,
  'AlterConfigs',
  '0-2',
  2,
  {
    resources: arrayOf({
      resourceType: int8(),
      resourceName: string(),
      configs: arrayOf({
        name: string(),
        value: nullable(string()),
      }),
    }),
    validateOnly: bool(),
  },
  {
    throttleTimeMs: int32(),
    responses: arrayOf({
      errorCode: int16(),
      errorMessage: nullable(string()),
      resourceType: int8(),
      resourceName: string(),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface AlterConfigsRequest extends RequestOf<typeof alterConfigs> {}
export interface AlterConfigsResponse extends ResponseOf<typeof alterConfigs> {}
