import type { Cluster } from '../cluster/cluster.ts';
import { answerError } from '../error.ts';
import {
  type AclOperation,
  aclOperations,
  type AclPatternType,
  aclPatternTypes,
  type AclPermissionType,
  aclPermissionTypes,
  type AclResourceType,
  aclResourceTypes,
} from './acl-words.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { runErrand } from './errand.ts';
import { toAny } from './routes.ts';
import { codeOf, wordOf } from './words.ts';

export interface AclBinding {
  readonly resourceType: AclResourceType;
  readonly resourceName: string;
  readonly patternType: AclPatternType;
  /** `User:alice`; `User:*` for everybody. */
  readonly principal: string;
  /** An address; `*` for all. */
  readonly host: string;
  readonly operation: AclOperation;
  readonly permissionType: AclPermissionType;
}

export interface NewAcl extends Pick<AclBinding, 'resourceType' | 'resourceName' | 'principal' | 'operation'> {
  /** LITERAL when left out. */
  readonly patternType?: 'LITERAL' | 'PREFIXED' | undefined;
  /** `*` when left out. */
  readonly host?: string | undefined;
  /** ALLOW when left out. */
  readonly permissionType?: 'ALLOW' | 'DENY' | undefined;
}

/** What is left out matches everything; so does ANY. */
export type AclBindingFilter = { readonly [K in keyof AclBinding]?: AclBinding[K] | undefined };

export async function createAcls(cluster: Cluster, acls: readonly NewAcl[], options: CallOptions): Promise<void> {
  await Call.run(cluster, 'Creating ACLs', options, (call) =>
    runErrand<NewAcl, true>(call, acls, {
      nameOf: textOf,
      what: (acl) => `Creating the ACL ${textOf(acl)}`,
      route: toAny,
      async ask(target, share, fates) {
        const { results } = await call.request(target, 'createAcls', {
          creations: share.map((acl) => ({
            resourceType: codeOf(aclResourceTypes, acl.resourceType),
            resourceName: acl.resourceName,
            resourcePatternType: codeOf(aclPatternTypes, acl.patternType ?? 'LITERAL'),
            principal: acl.principal,
            host: acl.host ?? '*',
            operation: codeOf(aclOperations, acl.operation),
            permissionType: codeOf(aclPermissionTypes, acl.permissionType ?? 'ALLOW'),
          })),
        });
        // Results have no names; they come in the order of the request.
        for (const [index, { errorCode, errorMessage }] of results.slice(0, share.length).entries())
          fates.take(textOf(share[index]!), errorCode, errorMessage, () => true);
      },
    }),
  );
}

export function describeAcls(cluster: Cluster, filter: AclBindingFilter, options: CallOptions): Promise<AclBinding[]> {
  return Call.run(cluster, 'Describing ACLs', options, (call) =>
    call.retry(async () => {
      const { errorCode, errorMessage, resources } = await call.request('any', 'describeAcls', wireFilter(filter));
      checkAnswer(errorCode, 'Describing ACLs', errorMessage);
      return resources.flatMap(({ acls, ...resource }) => acls.map((acl) => bindingOf({ ...resource, ...acl })));
    }),
  );
}

export interface DeletedAcls {
  readonly filter: AclBindingFilter;
  readonly acls: readonly AclBinding[];
}

export function deleteAcls(
  cluster: Cluster,
  filters: readonly AclBindingFilter[],
  options: CallOptions,
): Promise<DeletedAcls[]> {
  return Call.run(cluster, 'Deleting ACLs', options, (call) =>
    runErrand<AclBindingFilter, DeletedAcls>(call, filters, {
      nameOf: textOf,
      what: (filter) => `Deleting the ACLs that match ${textOf(filter)}`,
      route: toAny,
      async ask(target, share, fates) {
        const { filterResults } = await call.request(target, 'deleteAcls', { filters: share.map(wireFilter) });
        for (const [index, { errorCode, errorMessage, matchingAcls }] of filterResults
          .slice(0, share.length)
          .entries()) {
          const filter = share[index]!;
          const fault = matchingAcls.find((acl) => acl.errorCode !== 0);
          if (errorCode === 0 && fault !== undefined)
            fates.failures.set(
              textOf(filter),
              answerError(fault.errorCode, `Deleting the ACL ${textOf(bindingOf(fault))}`, fault.errorMessage),
            );
          else
            fates.take(textOf(filter), errorCode, errorMessage, () => ({ filter, acls: matchingAcls.map(bindingOf) }));
        }
      },
    }),
  );
}

function wireFilter(filter: AclBindingFilter) {
  return {
    resourceTypeFilter: codeOf(aclResourceTypes, filter.resourceType ?? 'ANY'),
    resourceNameFilter: filter.resourceName ?? null,
    patternTypeFilter: codeOf(aclPatternTypes, filter.patternType ?? 'ANY'),
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: codeOf(aclOperations, filter.operation ?? 'ANY'),
    permissionType: codeOf(aclPermissionTypes, filter.permissionType ?? 'ANY'),
  };
}

interface WireAcl {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

function bindingOf(acl: WireAcl): AclBinding {
  return {
    resourceType: wordOf(aclResourceTypes, acl.resourceType),
    resourceName: acl.resourceName,
    patternType: wordOf(aclPatternTypes, acl.patternType),
    principal: acl.principal,
    host: acl.host,
    operation: wordOf(aclOperations, acl.operation),
    permissionType: wordOf(aclPermissionTypes, acl.permissionType),
  };
}

/** `ALLOW User:alice READ TOPIC orders (LITERAL) from *`; what is left out of a filter is ANY. */
function textOf(acl: AclBindingFilter): string {
  const { permissionType = 'ANY', principal = 'ANY', operation = 'ANY', resourceType = 'ANY' } = acl;
  const { resourceName = 'ANY', patternType = 'ANY', host = 'ANY' } = acl;
  return `${permissionType} ${principal} ${operation} ${resourceType} ${resourceName} (${patternType}) from ${host}`;
}
