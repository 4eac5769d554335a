/** IncrementalAlterConfigs (44), versions 0 and 1. In: per key set, delete, or append to and subtract from a list. Out: a result for each resource; all of its changes or none. */
import { apis, errors, type IncrementalAlterConfigsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Fault } from '../metadata/controller.ts';
import { alterLoggers } from '../logger-levels.ts';
import { resourceTypes } from '../metadata/image.ts';
import { alterResource, nodeFault, repeatedResources, type Resource } from '../setting-change.ts';

type IncrementalAnswer = Exclude<Awaited<Answer<typeof apis.incrementalAlterConfigs>>, symbol>;
type Asked = IncrementalAlterConfigsRequest['resources'][number];

const set = 0;
const remove = 1;
const append = 2;
const subtract = 3;

export async function incrementalAlterConfigs(
  doors: Doors,
  request: IncrementalAlterConfigsRequest,
): Promise<IncrementalAnswer> {
  const repeated = repeatedResources(request.resources);
  const responses: IncrementalAnswer['responses'][number][] = [];
  for (const asked of request.resources) {
    const { resourceType, resourceName } = asked;
    const fault = repeated.has(`${resourceType} ${resourceName}`)
      ? { errorCode: errors.INVALID_REQUEST, errorMessage: 'Each resource must appear at most once.' }
      : await alterOne(doors, asked, request.validateOnly);
    responses.push({
      resourceType,
      resourceName,
      errorCode: fault?.errorCode ?? errors.NONE,
      errorMessage: fault?.errorMessage ?? null,
    });
  }
  return { throttleTimeMs: 0, responses };
}

async function alterOne(doors: Doors, asked: Asked, validateOnly: boolean): Promise<Fault | undefined> {
  const fault = formFault(asked);
  if (fault !== undefined) return fault;
  const resource = { type: asked.resourceType, name: asked.resourceName };
  if (resource.type === resourceTypes.brokerLogger) {
    return (
      nodeFault(doors.nodeId, resource.name, 'Unexpected node id. Expected', ',') ??
      alterLoggers(doors.logLevels, asked.configs, validateOnly)
    );
  }
  return await alterResource(doors, resource, validateOnly, (own) => changesOf(doors, resource, asked, own));
}

function formFault({ configs }: Asked): Fault | undefined {
  if (new Set(configs.map(({ name }) => name)).size < configs.length)
    return invalid(errors.INVALID_REQUEST, 'Error due to duplicate config keys');
  const nulls = configs.filter(({ value, configOperation }) => value === null && configOperation !== remove);
  if (nulls.length === 0) return undefined;
  return invalid(errors.INVALID_REQUEST, `Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}`);
}

function changesOf(
  doors: Doors,
  resource: Resource,
  asked: Asked,
  own: ReadonlyMap<string, string>,
): Map<string, string | null> | Fault {
  const changes = new Map<string, string | null>();
  for (const { name, configOperation, value } of asked.configs) {
    if (configOperation === remove || value === null) {
      changes.set(name, null);
    } else if (configOperation === set) {
      changes.set(name, value);
    } else if (configOperation === append || configOperation === subtract) {
      if (!doors.settings.isList(resource.type, name)) {
        return invalid(errors.INVALID_CONFIG, notAList(resource.type, name, configOperation));
      }
      const current = own.get(name) ?? doors.settings.valueOf(resource.type, name) ?? '';
      changes.set(name, configOperation === append ? appended(current, value) : subtracted(current, value));
    } else {
      return invalid(errors.INVALID_REQUEST, `Unknown operations type ${configOperation}`);
    }
  }
  return changes;
}

function notAList(type: number, name: string, operation: number): string {
  const what = operation === append ? 'append' : 'subtract';
  if (type === resourceTypes.broker) return `Config value ${what} is not allowed for config key: ${name}`;
  return `Can't ${what.toUpperCase()} to key ${name} because its type is not LIST.`;
}

function invalid(errorCode: number, errorMessage: string): Fault {
  return { errorCode, errorMessage };
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function appended(current: string, added: string): string {
  const items = listOf(current);
  for (const item of listOf(added)) if (!items.includes(item)) items.push(item);
  return items.join(',');
}

function subtracted(current: string, removed: string): string {
  const gone = new Set(listOf(removed));
  return listOf(current)
    .filter((item) => !gone.has(item))
    .join(',');
}
