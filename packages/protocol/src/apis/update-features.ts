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

/** Raises or lowers feature levels of the cluster. */
export const updateFeatures = api(
  57,
  'UpdateFeatures',
  '0-2',
  0,
  {
    timeoutMs: int32({ default: 60_000 }),
    featureUpdates: arrayOf({
      feature: string(),
      maxVersionLevel: int16(),
      allowDowngrade: bool('0'),
      /** 1 upgrade, 2 safe downgrade, 3 unsafe downgrade. */
      upgradeType: int8('1+', { default: 1 }),
    }),
    validateOnly: bool('1+', { default: false }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
    results: arrayOf(
      '0-1',
      { ignorable: true },
      {
        feature: string(),
        errorCode: int16(),
        errorMessage: nullable(string()),
      },
    ),
  },
  { listeners: ['broker', 'controller'] },
);

export interface UpdateFeaturesRequest extends RequestOf<typeof updateFeatures> {}
export interface UpdateFeaturesResponse extends ResponseOf<typeof updateFeatures> {}
