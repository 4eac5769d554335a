/**
 * ApiVersions (18), versions 0 to 5. In: the client's software name (3 and later), the cluster it means (5, KIP-1242). Out: the
 * range of every API served here, read off the table. An unknown version is answered by the pipeline in the form of version 0.
 */
import { apis, errors, type ApiVersionsRequest } from '@millrace/protocol';

import { apiVersionsRanges, type Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { supportedFeatures } from '../metadata/features.ts';

/** Older clients take a lowest level of 0 for a fault (KAFKA-17011). */
const zeroSince = 4;
const softwarePattern = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;

export function apiVersions(
  doors: Doors,
  request: ApiVersionsRequest,
  exchange: Exchange,
): Answer<typeof apis.apiVersions> {
  const { session, apiVersion } = exchange;
  if (apiVersion >= 3) {
    const { clientSoftwareName: name, clientSoftwareVersion: version } = request;
    if (name.length > 255 || version.length > 255 || !softwarePattern.test(name) || !softwarePattern.test(version)) {
      return { errorCode: errors.INVALID_REQUEST, apiKeys: [] };
    }
    session.softwareName = name;
    session.softwareVersion = version;
  }
  if (isElsewhere(doors, request)) return { errorCode: errors.REBOOTSTRAP_REQUIRED, apiKeys: [] };
  return {
    errorCode: errors.NONE,
    apiKeys: apiVersionsRanges(doors.table().served),
    supportedFeatures: supportedFeatures
      .filter(({ levelMin }) => levelMin > 0 || apiVersion >= zeroSince)
      .map(({ name, levelMin, levelMax }) => ({ name, minVersion: levelMin, maxVersion: levelMax })),
    finalizedFeaturesEpoch: doors.metadata.endOffset,
    finalizedFeatures: [...doors.image.features()].map(([name, level]) => ({
      name,
      maxVersionLevel: level,
      minVersionLevel: level,
    })),
  };
}

function isElsewhere(doors: Doors, { clusterId, nodeId }: ApiVersionsRequest): boolean {
  return (clusterId !== null && clusterId !== doors.clusterId) || (nodeId >= 0 && nodeId !== doors.nodeId);
}
