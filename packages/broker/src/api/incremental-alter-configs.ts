/** IncrementalAlterConfigs (44), versions 0 and 1. In: per key set, delete, or append to and subtract from a list. Out: a result for each resource; all of its changes or none. */
import { apis, errors, type IncrementalAlterConfigsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Fault } from '../metadata/controller.ts';
import { alterResource, repeatedResources, type Resource } from '../setting-change.ts';

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
    const resource = { type: resourceType, name: resourceName };
    const fault = repeated.has(`${resourceType} ${resourceName}`)
      ? { errorCode: errors.INVALID_REQUEST, errorMessage: 'Each resource must appear at most once.' }
      : await alterResource(doors, resource, request.validateOnly, (own) => changesOf(doors, resource, asked, own));
    responses.push({
      resourceType,
      resourceName,
      errorCode: fault?.errorCode ?? errors.NONE,
      errorMessage: fault?.errorMessage ?? null,
    });
  }
  return { throttleTimeMs: 0, responses };
}

function changesOf(
  doors: Doors,
  resource: Resource,
  asked: Asked,
  own: ReadonlyMap<string, string>,
): Map<string, string | null> | Fault {
  const changes = new Map<string, string | null>();
  for (const { name, configOperation, value } of asked.configs) {
    if (changes.has(name)) return invalid(errors.INVALID_REQUEST, 'Error due to duplicate config keys');
    if (configOperation === remove) {
      changes.set(name, null);
      continue;
    }
    if (value === null) return invalid(errors.INVALID_REQUEST, `Null value not supported for : ${name}`);
    if (configOperation === set) {
      changes.set(name, value);
    } else if (configOperation === append || configOperation === subtract) {
      if (!doors.settings.isList(resource.type, name)) {
        return invalid(
          errors.INVALID_CONFIG,
          `Can't ${configOperation === append ? 'APPEND' : 'SUBTRACT'} to key ${name} because its type is not LIST.`,
        );
      }
      const current = own.get(name) ?? doors.settings.valueOf(resource.type, name) ?? '';
      changes.set(name, configOperation === append ? appended(current, value) : subtracted(current, value));
    } else {
      return invalid(errors.INVALID_REQUEST, `Unknown operation type ${configOperation} for ${name}`);
    }
  }
  return changes;
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
