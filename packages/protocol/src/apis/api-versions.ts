import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** What this broker serves: the first request of nearly every connection. The answer always has the header of version 0. */
export const apiVersions = api(
  18,
  'ApiVersions',
  '0-5',
  3,
  {
    clientSoftwareName: string('3+', { ignorable: true }),
    clientSoftwareVersion: string('3+', { ignorable: true }),
    clusterId: nullable(string('5+', { default: null, ignorable: true })),
    nodeId: int32('5+', { default: -1, ignorable: true }),
  },
  {
    errorCode: int16(),
    apiKeys: arrayOf({
      apiKey: int16(),
      minVersion: int16(),
      maxVersion: int16(),
    }),
    throttleTimeMs: int32('1+', { ignorable: true }),
    supportedFeatures: arrayOf(
      '3+',
      { tag: 0, ignorable: true },
      {
        name: string(),
        minVersion: int16(),
        maxVersion: int16(),
      },
    ),
    /** -1 where nothing is finalized. */
    finalizedFeaturesEpoch: int64('3+', { tag: 1, default: -1, ignorable: true }),
    finalizedFeatures: arrayOf(
      '3+',
      { tag: 2, ignorable: true },
      {
        name: string(),
        maxVersionLevel: int16(),
        minVersionLevel: int16(),
      },
    ),
    zkMigrationReady: bool('3+', { tag: 3, default: false, ignorable: true }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface ApiVersionsRequest extends RequestOf<typeof apiVersions> {}
export interface ApiVersionsResponse extends ResponseOf<typeof apiVersions> {}
