/** ListConfigResources (74), versions 0 and 1. In: resource types, none for all; version 0 means client metrics only. Out: names of what has settings. */
import { apis, errors, type ListConfigResourcesRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { resourceTypes } from '../metadata/image.ts';

export function listConfigResources(
  doors: Doors,
  request: ListConfigResourcesRequest,
  exchange: Exchange,
): Answer<typeof apis.listConfigResources> {
  const all = Object.values(resourceTypes);
  const types =
    exchange.apiVersion === 0
      ? [resourceTypes.clientMetrics]
      : request.resourceTypes.length === 0
        ? all
        : [...new Set(request.resourceTypes)];
  if (types.some((type) => !all.includes(type as (typeof all)[number]))) {
    return { throttleTimeMs: 0, errorCode: errors.UNSUPPORTED_VERSION, configResources: [] };
  }
  return {
    throttleTimeMs: 0,
    errorCode: errors.NONE,
    configResources: types.flatMap((resourceType) =>
      namesOf(doors, resourceType).map((resourceName) => ({ resourceName, resourceType })),
    ),
  };
}

function namesOf({ image, nodeId }: Doors, type: number): string[] {
  switch (type) {
    case resourceTypes.topic:
      return [...image.topics()].map(({ name }) => name);
    case resourceTypes.broker:
    case resourceTypes.brokerLogger:
      return [String(nodeId)];
    default:
      return image.settingNames(type);
  }
}
