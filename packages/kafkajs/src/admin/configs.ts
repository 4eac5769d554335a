/** Settings of topics and brokers. */
import type { Target } from '@millrace/client';

import { check } from '../broker-errors.ts';
import { ConfigResourceTypes, ConfigSource } from '../enums.ts';
import { KafkaJSBrokerNotFound } from '../errors.ts';
import type { Admin, DescribeConfigResponse } from '../types/admin.ts';
import type { AdminParts } from './admin.ts';
import { checkEnum, checkFilledList, checkName, wrong } from './checks.ts';
import { onController } from './on-controller.ts';

interface Resource {
  readonly type: number;
  readonly name: string;
}

type Described = DescribeConfigResponse['resources'];

export function configCalls(parts: AdminParts): Pick<Admin, 'describeConfigs' | 'alterConfigs'> {
  return {
    describeConfigs: async ({ resources, includeSynonyms }) => {
      checkResources(resources);
      for (const { configNames } of resources)
        if (configNames !== undefined && configNames !== null && !Array.isArray(configNames))
          wrong('"configNames" is a list.');
      return await onController(parts, async () => {
        const described = await byBroker(parts, resources, async (target, some): Promise<Described> => {
          const answer = await parts.cluster.request(target, 'describeConfigs', {
            resources: some.map(({ type, name, configNames }) => ({
              resourceType: type,
              resourceName: name,
              configurationKeys:
                configNames === undefined || configNames === null || configNames.length === 0 ? null : configNames,
            })),
            includeSynonyms,
          });
          return answer.results.map(describedOf);
        });
        return { resources: described } as DescribeConfigResponse;
      });
    },
    alterConfigs: async ({ resources, validateOnly }) => {
      checkResources(resources);
      for (const { configEntries } of resources) {
        if (!Array.isArray(configEntries)) wrong('"configEntries" is a list.');
        for (const { name, value } of configEntries)
          if (typeof name !== 'string' || typeof value !== 'string')
            wrong('"configEntries" has a name or a value that is no text.');
      }
      return await onController(parts, async () => {
        const altered = await byBroker(parts, resources, async (target, some) => {
          const { responses } = await parts.cluster.request(target, 'alterConfigs', {
            resources: some.map(({ type, name, configEntries }) => ({
              resourceType: type,
              resourceName: name,
              configs: configEntries.map(({ name, value }) => ({ name, value })),
            })),
            validateOnly,
          });
          return responses.map(({ errorCode, errorMessage, resourceType, resourceName }) => {
            check(errorCode, errorMessage);
            return { errorCode, errorMessage: errorMessage === '' ? null : errorMessage, resourceType, resourceName };
          });
        });
        return { resources: altered };
      });
    },
  };
}

function checkResources(resources: readonly Resource[]): void {
  checkFilledList('"resources"', resources);
  for (const { type } of resources) checkEnum('resource type', ConfigResourceTypes, type);
  for (const { name } of resources) checkName('name of a resource', name);
}

/** A broker answers for its own settings, the controller for all others. */
async function byBroker<R extends Resource, A>(
  { cluster }: AdminParts,
  resources: readonly R[],
  ask: (target: Target, some: R[]) => Promise<A[]>,
): Promise<A[]> {
  const { BROKER, BROKER_LOGGER } = ConfigResourceTypes;
  const groups = Map.groupBy(resources, ({ type, name }): Target => {
    if (type !== BROKER && type !== BROKER_LOGGER) return 'controller';
    if (!cluster.nodeIds.includes(Number(name))) throw new KafkaJSBrokerNotFound(`The cluster has no broker ${name}.`);
    return Number(name);
  });
  const answers = await Promise.all([...groups].map(async ([target, some]) => await ask(target, some)));
  return answers.flat();
}

type Answer = {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly readOnly: boolean;
    readonly configSource: number;
    readonly isSensitive: boolean;
    readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
  }[];
};

function describedOf({ errorCode, errorMessage, resourceType, resourceName, configs }: Answer): Described[number] {
  check(errorCode, errorMessage);
  return {
    errorCode,
    errorMessage: errorMessage ?? '',
    resourceType: resourceType as ConfigResourceTypes,
    resourceName,
    configEntries: configs.map(({ name, value, readOnly, configSource, isSensitive, synonyms }) => ({
      configName: name,
      configValue: value as string,
      readOnly,
      isDefault: configSource === ConfigSource.DEFAULT_CONFIG,
      configSource: configSource as ConfigSource,
      isSensitive,
      configSynonyms: synonyms.map((synonym) => ({
        configName: synonym.name,
        configValue: synonym.value as string,
        configSource: synonym.source as ConfigSource,
      })),
    })),
  };
}
