/** One change of a resource's settings: checked as a whole, then all of it goes to the metadata log, or nothing. */
import { errors } from '@millrace/protocol';

import type { Doors } from './doors.ts';
import type { Fault } from './metadata/controller.ts';
import { resourceTypes } from './metadata/image.ts';

export interface Resource {
  readonly type: number;
  readonly name: string;
}

/** `change` gets what the resource has of its own and gives what is to be different; null takes a key back to its default. */
export async function alterResource(
  doors: Doors,
  resource: Resource,
  validateOnly: boolean,
  change: (own: ReadonlyMap<string, string>) => Map<string, string | null> | Fault,
): Promise<Fault | undefined> {
  const fault = resourceFault(doors, resource);
  if (fault !== undefined) return fault;
  const own = doors.image.settings(resource.type, resource.name);
  const changes = change(own);
  if (!(changes instanceof Map)) return changes;
  const after = new Map(own);
  for (const [name, value] of changes) {
    if (value === null) after.delete(name);
    else after.set(name, value);
  }
  const settingsFault = doors.settings.resourceFault(resource.type, after, changes, resource.name);
  if (settingsFault !== undefined) return settingsFault;
  // As in Kafka the last thing to be looked at: a bad value for a topic that is not there is a bad value.
  if (resource.type === resourceTypes.topic && doors.image.topic(resource.name) === undefined) {
    return {
      errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION,
      errorMessage: `The topic '${resource.name}' does not exist.`,
    };
  }
  if (validateOnly) return undefined;
  for (const [name, value] of changes) if ((own.get(name) ?? null) === value) changes.delete(name);
  await doors.metadata.commit(doors.controller.alterSettings(resource.type, resource.name, changes));
  return undefined;
}

export function repeatedResources(
  resources: readonly { readonly resourceType: number; readonly resourceName: string }[],
): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { resourceType, resourceName } of resources) {
    const key = `${resourceType} ${resourceName}`;
    if (seen.has(key)) repeated.add(key);
    seen.add(key);
  }
  return repeated;
}

/** The name of a broker or of its loggers, in a change. */
export function nodeFault(nodeId: number, name: string, unexpected: string, comma: string): Fault | undefined {
  if (!/^-?\d+$/.test(name)) return invalid(`Node id must be an integer, but it is: ${name}`);
  return Number(name) === nodeId ? undefined : invalid(`${unexpected} ${nodeId}${comma} but received ${name}`);
}

function invalid(errorMessage: string): Fault {
  return { errorCode: errors.INVALID_REQUEST, errorMessage };
}

function resourceFault({ nodeId }: Doors, { type, name }: Resource): Fault | undefined {
  switch (type) {
    case resourceTypes.topic:
      return undefined;
    case resourceTypes.broker:
      return name === '' ? undefined : nodeFault(nodeId, name, 'Unexpected broker id, expected', ',');
    case resourceTypes.group:
      return name === '' ? invalid('Default group resources are not allowed.') : undefined;
    case resourceTypes.clientMetrics:
      return name === '' ? invalid("Subscription name can't be empty") : undefined;
    default:
      return invalid(`Unknown resource type ${type}`);
  }
}
