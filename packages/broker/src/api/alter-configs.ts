/** AlterConfigs (33), versions 0 to 2. In: the whole of a resource's own settings. Out: a result each; what is not named goes back to its default. */
import { apis, errors, type AlterConfigsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Fault } from '../metadata/controller.ts';
import { alterResource, repeatedResources } from '../setting-change.ts';

type AlterConfigsAnswer = Exclude<Awaited<Answer<typeof apis.alterConfigs>>, symbol>;

export async function alterConfigs(doors: Doors, request: AlterConfigsRequest): Promise<AlterConfigsAnswer> {
  const repeated = repeatedResources(request.resources);
  const responses: AlterConfigsAnswer['responses'][number][] = [];
  for (const { resourceType, resourceName, configs } of request.resources) {
    const resource = { type: resourceType, name: resourceName };
    const fault = repeated.has(`${resourceType} ${resourceName}`)
      ? { errorCode: errors.INVALID_REQUEST, errorMessage: 'Each resource must appear at most once.' }
      : (formFault(configs) ??
        (await alterResource(doors, resource, request.validateOnly, (own) => {
          const changes = new Map<string, string | null>([...own.keys()].map((name) => [name, null]));
          for (const { name, value } of configs) changes.set(name, value);
          return changes;
        })));
    responses.push({
      resourceType,
      resourceName,
      errorCode: fault?.errorCode ?? errors.NONE,
      errorMessage: fault?.errorMessage ?? null,
    });
  }
  return { throttleTimeMs: 0, responses };
}

function formFault(configs: AlterConfigsRequest['resources'][number]['configs']): Fault | undefined {
  if (new Set(configs.map(({ name }) => name)).size < configs.length)
    return { errorCode: errors.INVALID_REQUEST, errorMessage: 'Error due to duplicate config keys' };
  const nulls = configs.filter(({ value }) => value === null).map(({ name }) => name);
  if (nulls.length === 0) return undefined;
  return { errorCode: errors.INVALID_REQUEST, errorMessage: `Null value not supported for : ${nulls.join(', ')}` };
}
