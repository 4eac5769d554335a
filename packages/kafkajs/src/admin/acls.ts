/** Who may do what. */
import { check } from '../broker-errors.ts';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from '../enums.ts';
import type { Acl, AclEntry, AclFilter, Admin, DeleteAclResponse, DescribeAclResponse } from '../types/admin.ts';
import type { AdminParts } from './admin.ts';
import { checkEnum, checkFilledList, wrong } from './checks.ts';
import { onController } from './on-controller.ts';

export function aclCalls(parts: AdminParts): Pick<Admin, 'createAcls' | 'describeAcls' | 'deleteAcls'> {
  const { cluster } = parts;
  return {
    createAcls: async ({ acl }) => {
      checkFilledList('"acl"', acl);
      for (const entry of acl) checkEntry(entry, false);
      return await onController(parts, async () => {
        const creations = acl.map(
          ({ resourceType, resourceName, resourcePatternType, principal, host, operation, permissionType }) => ({
            resourceType,
            resourceName,
            resourcePatternType,
            principal,
            host,
            operation,
            permissionType,
          }),
        );
        const { results } = await cluster.request('controller', 'createAcls', { creations });
        for (const { errorCode, errorMessage } of results) check(errorCode, errorMessage);
        return true;
      });
    },
    describeAcls: async (filter) => {
      checkEntry(filter, true);
      return await onController(parts, async () => {
        const { errorCode, errorMessage, resources } = await cluster.request(
          'controller',
          'describeAcls',
          filterOf(filter),
        );
        check(errorCode, errorMessage);
        return {
          resources: resources.map(({ resourceType, resourceName, patternType, acls }) => ({
            resourceType,
            resourceName,
            resourcePatternType: patternType,
            acls: acls.map((acl) => aclOf(acl)),
          })),
        } as DescribeAclResponse;
      });
    },
    deleteAcls: async ({ filters }) => {
      checkFilledList('"filters"', filters);
      for (const filter of filters) checkEntry(filter, true);
      return await onController(parts, async () => {
        const { filterResults } = await cluster.request('controller', 'deleteAcls', { filters: filters.map(filterOf) });
        for (const { errorCode, errorMessage } of filterResults) check(errorCode, errorMessage);
        return {
          filterResponses: filterResults.map(({ errorCode, errorMessage, matchingAcls }) => ({
            errorCode,
            errorMessage,
            matchingAcls: matchingAcls.map(
              ({ errorCode, errorMessage, resourceType, resourceName, patternType, ...acl }) => ({
                errorCode,
                errorMessage,
                resourceType,
                resourceName,
                resourcePatternType: patternType,
                ...aclOf(acl),
              }),
            ),
          })),
        } as DeleteAclResponse;
      });
    },
  };
}

function aclOf({
  principal,
  host,
  operation,
  permissionType,
}: {
  principal: string;
  host: string;
  operation: number;
  permissionType: number;
}): Acl {
  return {
    principal,
    host,
    operation: operation as AclOperationTypes,
    permissionType: permissionType as AclPermissionTypes,
  };
}

function filterOf({
  resourceType,
  resourceName,
  resourcePatternType,
  principal,
  host,
  operation,
  permissionType,
}: AclFilter) {
  return {
    resourceTypeFilter: resourceType,
    resourceNameFilter: resourceName ?? null,
    patternTypeFilter: resourcePatternType,
    principalFilter: principal ?? null,
    hostFilter: host ?? null,
    operation,
    permissionType,
  };
}

function checkEntry(entry: AclEntry | AclFilter, isFilter: boolean): void {
  for (const noun of ['principal', 'host', 'resourceName'] as const) {
    const given: unknown = entry[noun];
    if (typeof given !== 'string' && !(isFilter && given === undefined))
      wrong(`The ${noun} is a text, not a ${typeof given}.`);
  }
  checkEnum('operation', AclOperationTypes, entry.operation);
  checkEnum('pattern type', ResourcePatternTypes, entry.resourcePatternType);
  checkEnum('permission type', AclPermissionTypes, entry.permissionType);
  checkEnum('resource type', AclResourceTypes, entry.resourceType);
}
