import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import {
  type ConfigResource,
  configResourceCodes,
  configResourceTypeOf,
  type ConfigResourceType,
} from './config-resource.ts';

export interface ListConfigResourcesOptions extends CallOptions {
  /** All that the broker lists when left out. */
  readonly types?: readonly ConfigResourceType[] | undefined;
}

/** Everything that can have settings. Brokers before 4.1 list CLIENT_METRICS alone. */
export function listConfigResources(
  cluster: Cluster,
  { types = [], ...options }: ListConfigResourcesOptions,
): Promise<ConfigResource[]> {
  return Call.run(cluster, 'Listing config resources', options, (call) =>
    call.retry(async () => {
      const isMetricsOnly = types.length === 1 && types[0] === 'CLIENT_METRICS';
      const { errorCode, configResources } = await call.request('any', 'listConfigResources', (version) => ({
        resourceTypes: version === 0 && isMetricsOnly ? [] : types.map((type) => configResourceCodes[type]),
      }));
      checkAnswer(errorCode, 'Listing config resources');
      return configResources.flatMap(({ resourceName: name, resourceType }) => {
        const type = configResourceTypeOf(resourceType);
        return type === 'UNKNOWN' ? [] : [{ type, name }];
      });
    }),
  );
}
