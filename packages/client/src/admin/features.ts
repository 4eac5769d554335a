import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { runErrand } from './errand.ts';
import { toController } from './routes.ts';
import { codeOf } from './words.ts';

export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface FinalizedFeature {
  readonly name: string;
  readonly minVersionLevel: number;
  readonly maxVersionLevel: number;
}

export interface FeatureDescription {
  /** What the broker that was asked could do. */
  readonly supported: readonly SupportedFeature[];
  /** What the cluster has settled on. */
  readonly finalized: readonly FinalizedFeature[];
  /** Undefined: nothing is finalized. */
  readonly finalizedEpoch: number | undefined;
}

export interface DescribeFeaturesOptions extends CallOptions {
  /** Asks this broker in place of any. */
  readonly brokerId?: number | undefined;
}

const upgradeTypes = ['UNKNOWN', 'UPGRADE', 'SAFE_DOWNGRADE', 'UNSAFE_DOWNGRADE'] as const;

export interface FeatureUpdate {
  readonly feature: string;
  /** 0 ends the feature. */
  readonly maxVersionLevel: number;
  /** UPGRADE when left out. */
  readonly upgradeType?: Exclude<(typeof upgradeTypes)[number], 'UNKNOWN'> | undefined;
}

export interface UpdateFeaturesOptions extends CallOptions {
  readonly validateOnly?: boolean | undefined;
}

export function describeFeatures(cluster: Cluster, options: DescribeFeaturesOptions): Promise<FeatureDescription> {
  return Call.run(cluster, 'Describing features', options, (call) =>
    call.retry(async () => {
      const answer = await call.request(options.brokerId ?? 'any', 'apiVersions', {
        clientSoftwareName: 'millrace',
        clientSoftwareVersion: '0.1.0',
      });
      checkAnswer(answer.errorCode, 'Describing features');
      const { supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch } = answer;
      return {
        supported: supportedFeatures,
        finalized: finalizedFeatures,
        finalizedEpoch: finalizedFeaturesEpoch < 0 ? undefined : finalizedFeaturesEpoch,
      };
    }),
  );
}

/** All are changed, or none. */
export async function updateFeatures(
  cluster: Cluster,
  updates: readonly FeatureUpdate[],
  options: UpdateFeaturesOptions,
): Promise<void> {
  await Call.run(cluster, 'Updating features', options, (call) =>
    runErrand<FeatureUpdate, true>(call, updates, {
      nameOf: ({ feature }) => feature,
      what: ({ feature, maxVersionLevel }) => `Setting feature "${feature}" to level ${maxVersionLevel}`,
      route: toController,
      async ask(target, share, fates) {
        const { errorCode, errorMessage, results } = await call.request(target, 'updateFeatures', (version) => ({
          timeoutMs: call.brokerTimeoutMs,
          featureUpdates: share.map(({ feature, maxVersionLevel, upgradeType = 'UPGRADE' }) => ({
            feature,
            maxVersionLevel,
            ...(version === 0
              ? { allowDowngrade: upgradeType !== 'UPGRADE' }
              : { upgradeType: codeOf(upgradeTypes, upgradeType) }),
          })),
          validateOnly: options.validateOnly ?? false,
        }));
        // Since version 2 there is one answer to all.
        for (const { feature } of share) fates.take(feature, errorCode, errorMessage, () => true);
        if (errorCode !== 0) return;
        for (const { feature, errorCode: code, errorMessage: said } of results)
          fates.take(feature, code, said, () => true);
      },
    }),
  );
}
