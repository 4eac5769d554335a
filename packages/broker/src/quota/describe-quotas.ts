/** Finds quotas. In: for some types of entities a name, the default, or any. Out: entries that have all of them; `strict`: and no others. */
import { errors, type DescribeClientQuotasRequest } from '@millrace/protocol';

import type { Fault } from '../metadata/controller.ts';
import type { QuotaEntry, QuotaTable } from './quota-table.ts';

const exactly = 0;
const theDefault = 1;
const anyNamed = 2;

type Component = DescribeClientQuotasRequest['components'][number];

export function findQuotas(
  table: QuotaTable,
  { components, strict }: Pick<DescribeClientQuotasRequest, 'components' | 'strict'>,
): QuotaEntry[] | Fault {
  const wanted = new Map<string, Component>();
  for (const component of components) {
    const fault = componentFault(component, wanted);
    if (fault !== undefined) return fault;
    wanted.set(component.entityType, component);
  }
  if (wanted.has('ip') && wanted.size > 1) {
    return invalid(
      'Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.',
    );
  }
  if (wanted.size === 0 && strict) return [];
  return [...table.entries()].filter(({ entity }) => {
    if (strict && entity.size !== wanted.size) return false;
    return [...wanted.values()].every(({ entityType, matchType, match }) => {
      const name = entity.get(entityType);
      return name !== undefined && (matchType === anyNamed || name === match);
    });
  });
}

function componentFault(
  { entityType: type, matchType, match }: Component,
  before: ReadonlyMap<string, Component>,
): Fault | undefined {
  if (type === '') return invalid('Invalid empty entity type.');
  if (before.has(type)) return invalid(`Entity type ${type} cannot appear more than once in the filter.`);
  if (type !== 'user' && type !== 'client-id' && type !== 'ip')
    return { errorCode: errors.UNSUPPORTED_VERSION, errorMessage: `Unsupported entity type ${type}` };
  switch (matchType) {
    case exactly:
      return match === null ? invalid('Request specified MATCH_TYPE_EXACT, but set match string to null.') : undefined;
    case theDefault:
      if (match === null) return undefined;
      return invalid('Request specified MATCH_TYPE_DEFAULT, but also specified a match string.');
    case anyNamed:
      if (match === null) return undefined;
      return invalid('Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.');
    default:
      return invalid(`Unknown match type ${matchType}`);
  }
}

function invalid(errorMessage: string): Fault {
  return { errorCode: errors.INVALID_REQUEST, errorMessage };
}
