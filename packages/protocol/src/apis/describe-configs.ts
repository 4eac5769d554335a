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

/** Settings of topics, brokers and groups, with where each value comes from. */
export const describeConfigs = api(
  32,
  'DescribeConfigs',
  '1-4',
  4,
  {
    resources: arrayOf({
      /** 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group. */
      resourceType: int8(),
      resourceName: string(),
      /** Null: all. */
      configurationKeys: nullable(arrayOf(string())),
    }),
    includeSynonyms: bool({ default: false }),
    includeDocumentation: bool('3+', { default: false }),
  },
  {
    throttleTimeMs: int32(),
    results: arrayOf({
      errorCode: int16(),
      errorMessage: nullable(string()),
      resourceType: int8(),
      resourceName: string(),
      configs: arrayOf({
        name: string(),
        value: nullable(string()),
        readOnly: bool(),
        /** 1 topic, 2 broker, 3 default of all brokers, 4 file, 5 default, 6 broker logger, 7 client metrics, 8 group. */
        configSource: int8({ default: -1 }),
        isSensitive: bool(),
        synonyms: arrayOf({
          name: string(),
          value: nullable(string()),
          source: int8(),
        }),
        /** 0 unknown, 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9 password. */
        configType: int8('3+', { default: 0, ignorable: true }),
        documentation: nullable(string('3+', { ignorable: true })),
      }),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface DescribeConfigsRequest extends RequestOf<typeof describeConfigs> {}
export interface DescribeConfigsResponse extends ResponseOf<typeof describeConfigs> {}
