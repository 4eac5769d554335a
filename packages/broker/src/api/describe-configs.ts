/**
 * DescribeConfigs (32), versions 1 to 4. In: resources, and which of their keys. Out: every key of the resource with its value, where
 * the value comes from, and on request its synonyms and what it means. Tools read all, change one, and write all back.
 *
 * A resource that is named again is not answered again.
 */
import { apis, errors, type DescribeConfigsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import { describeLoggers } from '../logger-levels.ts';
import { resourceTypes } from '../metadata/image.ts';
import { topicNameFault } from '../metadata/topic-name.ts';
import type { DescribedKey } from '../described-key.ts';

type DescribeConfigsAnswer = Exclude<Awaited<Answer<typeof apis.describeConfigs>>, symbol>;
type Asked = DescribeConfigsRequest['resources'][number];
type Result = DescribeConfigsAnswer['results'][number];

export function describeConfigs(doors: Doors, request: DescribeConfigsRequest): Answer<typeof apis.describeConfigs> {
  const seen = new Set<string>();
  const results: Result[] = [];
  let others = 0;
  for (const asked of request.resources) {
    const { resourceType, resourceName } = asked;
    const key = `${resourceType} ${resourceName}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const isTooMany = resourceType !== resourceTypes.topic && ++others > othersMax;
    results.push(isTooMany ? { ...tooMany, resourceType, resourceName, configs: [] } : describe(doors, asked, request));
  }
  return { throttleTimeMs: 0, results };
}

/** Of groups and the like, which are described whether they are there or not: an answer is far larger than their names. */
const othersMax = 1000;
const tooMany = {
  errorCode: errors.INVALID_REQUEST,
  errorMessage: `More than ${othersMax} resources that are not topics cannot be described at once.`,
};

function describe(doors: Doors, asked: Asked, request: DescribeConfigsRequest): Result {
  const { resourceType, resourceName } = asked;
  const found = find(doors, resourceType, resourceName);
  if ('errorCode' in found) return { ...found, resourceType, resourceName, configs: [] };
  const wanted =
    asked.configurationKeys === null || asked.configurationKeys.length === 0
      ? undefined
      : new Set(asked.configurationKeys);
  return {
    errorCode: errors.NONE,
    errorMessage: '',
    resourceType,
    resourceName,
    configs: found.keys
      .filter(({ name }) => wanted === undefined || wanted.has(name))
      .map((key) => ({
        name: key.name,
        value: key.isSensitive ? null : key.value,
        readOnly: key.isReadOnly,
        configSource: key.source,
        isSensitive: key.isSensitive,
        synonyms: request.includeSynonyms
          ? key.synonyms.map((synonym) => ({ ...synonym, value: key.isSensitive ? null : synonym.value }))
          : [],
        configType: key.type,
        documentation: request.includeDocumentation ? key.documentation : null,
      })),
  };
}

function find(
  doors: Doors,
  type: number,
  name: string,
): { keys: readonly DescribedKey[] } | { errorCode: number; errorMessage: string } {
  const { settings, image, nodeId } = doors;
  switch (type) {
    case resourceTypes.topic: {
      const fault = topicNameFault(name);
      if (fault !== undefined) return { errorCode: errors.INVALID_TOPIC_EXCEPTION, errorMessage: fault };
      if (image.topic(name) === undefined) {
        return {
          errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION,
          errorMessage: '',
        };
      }
      return { keys: settings.describeTopic(name) };
    }
    case resourceTypes.broker: {
      const fault = settings.brokerNameFault(name);
      if (fault !== undefined) return { errorCode: errors.INVALID_REQUEST, errorMessage: fault };
      return { keys: name === '' ? settings.describeBrokerDefaults() : settings.describeBroker() };
    }
    case resourceTypes.brokerLogger:
      if (name !== String(nodeId))
        return { errorCode: errors.INVALID_REQUEST, errorMessage: loggersOfNobody(nodeId, name) };
      return { keys: describeLoggers(doors.logLevels) };
    case resourceTypes.group:
      if (name === '') return { errorCode: errors.INVALID_REQUEST, errorMessage: 'Group name must not be empty' };
      return { keys: settings.describeGroup(name) };
    case resourceTypes.clientMetrics:
      if (name === '')
        return {
          errorCode: errors.INVALID_REQUEST,
          errorMessage: 'Client metrics subscription name must not be empty',
        };
      return { keys: settings.describeClientMetrics(name) };
    default:
      return {
        errorCode: errors.INVALID_REQUEST,
        errorMessage:
          'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.',
      };
  }
}

function loggersOfNobody(nodeId: number, name: string): string {
  if (name === '') return 'Broker id must not be empty';
  if (!/^-?\d+$/.test(name)) return `Broker id must be an integer, but it is: ${name}`;
  return `Unexpected broker id, expected ${nodeId} but received ${name}`;
}
