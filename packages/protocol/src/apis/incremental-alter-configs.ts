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

/** Sets, unsets, appends to and takes from single settings. */
export const incrementalAlterConfigs = api(
  44,
  'IncrementalAlterConfigs',
  '0-1',
  1,
  {
    resources: arrayOf({
      resourceType: int8(),
      resourceName: string(),
      configs: arrayOf({
        name: string(),
        /** 0 set, 1 delete, 2 append, 3 subtract. */
        configOperation: int8(),
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

export interface IncrementalAlterConfigsRequest extends RequestOf<typeof incrementalAlterConfigs> {}
export interface IncrementalAlterConfigsResponse extends ResponseOf<typeof incrementalAlterConfigs> {}
