import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions } from './call.ts';
import {
  brokerOfResource,
  type ConfigResource,
  configResourceCodes,
  configResourceTypeOf,
  nameOfResource,
} from './config-resource.ts';
import { runErrand } from './errand.ts';
import { toBrokers } from './routes.ts';
import { codeOf } from './words.ts';

const alterConfigOps = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'] as const;

export interface AlterConfigOp {
  readonly name: string;
  /** SET when left out. DELETE goes back to the default; APPEND and SUBTRACT change lists. */
  readonly op?: (typeof alterConfigOps)[number] | undefined;
  /** Not of DELETE. */
  readonly value?: string | number | boolean | undefined;
}

export interface ConfigAlteration extends ConfigResource {
  readonly ops: readonly AlterConfigOp[];
}

export interface AlterConfigsOptions extends CallOptions {
  readonly validateOnly?: boolean | undefined;
}

/** What is not named keeps its value. All changes of one resource are made, or none. */
export async function incrementalAlterConfigs(
  cluster: Cluster,
  alterations: readonly ConfigAlteration[],
  options: AlterConfigsOptions,
): Promise<void> {
  await Call.run(cluster, 'Altering configs', options, (call) =>
    runErrand<ConfigAlteration, true>(call, alterations, {
      nameOf: ({ type, name }) => nameOfResource(type, name),
      what: ({ type, name }) => `Altering the configs of ${type} "${name}"`,
      route: toBrokers(brokerOfResource),
      async ask(target, share, fates) {
        const { responses } = await call.request(target, 'incrementalAlterConfigs', {
          resources: share.map(({ type, name, ops }) => ({
            resourceType: configResourceCodes[type],
            resourceName: name,
            configs: ops.map(({ name: config, op, value }) => ({
              name: config,
              configOperation: codeOf(alterConfigOps, op ?? 'SET'),
              value: value === undefined ? null : `${value}`,
            })),
          })),
          validateOnly: options.validateOnly ?? false,
        });
        for (const { resourceType, resourceName, errorCode, errorMessage } of responses)
          fates.take(
            nameOfResource(configResourceTypeOf(resourceType), resourceName),
            errorCode,
            errorMessage,
            () => true,
          );
      },
    }),
  );
}
