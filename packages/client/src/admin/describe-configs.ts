import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions } from './call.ts';
import { type ConfigEntry, configEntryOf } from './config-entry.ts';
import {
  brokerOfResource,
  type ConfigResource,
  configResourceCodes,
  configResourceTypeOf,
  type ConfigResourceType,
  nameOfResource,
} from './config-resource.ts';
import { runErrand } from './errand.ts';
import { toBrokers } from './routes.ts';

export interface DescribeConfigsResource extends ConfigResource {
  /** Only these settings; all when left out. */
  readonly configNames?: readonly string[] | undefined;
}

export interface DescribeConfigsOptions extends CallOptions {
  readonly includeSynonyms?: boolean | undefined;
  readonly includeDocumentation?: boolean | undefined;
}

export interface ConfigDescription {
  readonly type: ConfigResourceType;
  readonly name: string;
  readonly entries: readonly ConfigEntry[];
}

/** Settings of a broker and of its loggers are asked of that broker, all others of any. */
export function describeConfigs(
  cluster: Cluster,
  resources: readonly DescribeConfigsResource[],
  options: DescribeConfigsOptions,
): Promise<ConfigDescription[]> {
  return Call.run(cluster, 'Describing configs', options, (call) =>
    runErrand<DescribeConfigsResource, ConfigDescription>(call, resources, {
      nameOf: ({ type, name }) => nameOfResource(type, name),
      what: ({ type, name }) => `Describing the configs of ${type} "${name}"`,
      route: toBrokers(brokerOfResource),
      async ask(target, share, fates) {
        const answer = await call.request(target, 'describeConfigs', {
          resources: share.map(({ type, name, configNames }) => ({
            resourceType: configResourceCodes[type],
            resourceName: name,
            configurationKeys: configNames ?? null,
          })),
          includeSynonyms: options.includeSynonyms ?? false,
          includeDocumentation: options.includeDocumentation ?? false,
        });
        for (const { resourceType, resourceName: name, errorCode, errorMessage, configs } of answer.results) {
          const type = configResourceTypeOf(resourceType);
          if (type === 'UNKNOWN') continue;
          fates.take(nameOfResource(type, name), errorCode, errorMessage, () => ({
            type,
            name,
            entries: configs.map((entry) => configEntryOf(entry)),
          }));
        }
      },
    }),
  );
}
