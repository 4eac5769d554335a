/**
 * UpdateFeatures (57), versions 0 to 2. In: the level that features are to have; 1 and later may only ask whether that would do. Out:
 * all of them are in force and on disk, or none is changed.
 */
import { apis, errors, type UpdateFeaturesRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { decideFeatures, upgradeTypes } from '../metadata/features.ts';

type UpdateFeaturesAnswer = Exclude<Awaited<Answer<typeof apis.updateFeatures>>, symbol>;

const upgradeTypeSince = 1;

export async function updateFeatures(
  doors: Doors,
  request: UpdateFeaturesRequest,
  { apiVersion }: Pick<Exchange, 'apiVersion'>,
): Promise<UpdateFeaturesAnswer> {
  const updates = request.featureUpdates.map(({ feature, maxVersionLevel, allowDowngrade, upgradeType }) => ({
    name: feature,
    featureLevel: maxVersionLevel,
    upgradeType: apiVersion >= upgradeTypeSince ? upgradeType : oldType(allowDowngrade),
  }));
  const { records, fault } = decideFeatures(doors.image, doors.nodeId, updates);
  if (fault === undefined && !request.validateOnly) await doors.metadata.commit(records);
  // Kafka's word for success.
  const results = updates.map(({ name }) => ({ feature: name, errorCode: errors.NONE, errorMessage: 'NONE' }));
  if (fault === undefined) return { throttleTimeMs: 0, errorCode: errors.NONE, errorMessage: null, results };
  return {
    throttleTimeMs: 0,
    errorCode: fault.errorCode,
    errorMessage: `The update failed for all features since the following feature had an error: ${fault.errorMessage}`,
    results: [],
  };
}

function oldType(allowDowngrade: boolean): number {
  return allowDowngrade ? upgradeTypes.safeDowngrade : upgradeTypes.upgrade;
}
