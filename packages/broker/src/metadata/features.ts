/**
 * The features that a cluster agrees on (KIP-584): what this broker can do, and which level is in force. In: changes that an
 * administrator asks for. Out: a record for each, or the reason why none of them is made.
 */
import { errors } from '@millrace/protocol';

import type { Fault } from './controller.ts';
import type { MetadataImage } from './image.ts';
import type { MetadataRecord } from './record.ts';

export interface Feature {
  readonly name: string;
  readonly levelMin: number;
  readonly levelMax: number;
}

const metadataFeature = 'metadata.version';

/** As Apache Kafka 4.3.1 has them, as far as they are served here. 30 is 4.3-IV0. */
export const supportedFeatures: readonly Feature[] = [
  { name: metadataFeature, levelMin: 7, levelMax: 30 },
  { name: 'group.version', levelMin: 0, levelMax: 1 },
  { name: 'transaction.version', levelMin: 0, levelMax: 2 },
];

/** What a new cluster begins with. */
export const newClusterFeatures = supportedFeatures.map(({ name, levelMax }) => ({ name, featureLevel: levelMax }));

export interface FeatureUpdate {
  readonly name: string;
  readonly featureLevel: number;
  /** One of `upgradeTypes`. */
  readonly upgradeType: number;
}

/** Kafka's codes. */
export const upgradeTypes = { upgrade: 1, safeDowngrade: 2, unsafeDowngrade: 3 } as const;
const knownTypes: ReadonlySet<number> = new Set(Object.values(upgradeTypes));

/** All of them, or none. */
export function decideFeatures(
  image: MetadataImage,
  nodeId: number,
  updates: readonly FeatureUpdate[],
): { readonly records: readonly MetadataRecord[]; readonly fault: Fault | undefined } {
  const records: MetadataRecord[] = [];
  for (const update of updates) {
    const { name, featureLevel } = update;
    const present = image.featureLevel(name);
    const reason = reasonAgainst(present, nodeId, update);
    if (reason !== undefined)
      return { records: [], fault: { errorCode: errors.INVALID_UPDATE_VERSION, errorMessage: reason } };
    if (present !== featureLevel) records.push({ type: 'FeatureLevelRecord', name, featureLevel });
  }
  return { records, fault: undefined };
}

function reasonAgainst(present: number, nodeId: number, update: FeatureUpdate): string | undefined {
  const { name, featureLevel, upgradeType } = update;
  const refuse = (reason: string): string => `Invalid update version ${featureLevel} for feature ${name}. ${reason}`;
  if (!knownTypes.has(upgradeType)) return refuse('The controller does not support the given upgrade type.');
  if (featureLevel < 0) return refuse('A feature version cannot be less than 0.');
  const feature = supportedFeatures.find((one) => one.name === name);
  if (feature === undefined) {
    return refuse(
      featureLevel === 0 ? `Feature ${name} not found.` : `Local controller ${nodeId} does not support this feature.`,
    );
  }
  const { levelMin, levelMax } = feature;
  if (featureLevel < levelMin || featureLevel > levelMax)
    return refuse(`Local controller ${nodeId} only supports versions ${levelMin}-${levelMax}`);
  if (featureLevel < present && upgradeType === upgradeTypes.upgrade) {
    return refuse(
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    );
  }
  if (featureLevel > present && upgradeType !== upgradeTypes.upgrade)
    return refuse("Can't downgrade to a newer version.");
  if (name !== metadataFeature || featureLevel >= present) return undefined;
  const why =
    upgradeType === upgradeTypes.unsafeDowngrade
      ? 'Unsafe metadata downgrade is not supported in this version.'
      : 'Refusing to perform the requested downgrade because it might delete metadata information.';
  return `Unsupported metadata.version downgrade from ${present} to ${featureLevel}. ${why}`;
}
