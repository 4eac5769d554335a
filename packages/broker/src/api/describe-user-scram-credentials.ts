/**
 * DescribeUserScramCredentials (50), version 0. In: users, or none for all. Out: which SCRAM credentials they have: nobody has any, as
 * there is no authentication yet. Tools that list the quotas of users ask for both.
 */
import { apis, errors, type DescribeUserScramCredentialsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';

export function describeUserScramCredentials({
  users,
}: DescribeUserScramCredentialsRequest): Answer<typeof apis.describeUserScramCredentials> {
  const counts = new Map<string, number>();
  for (const { name } of users ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    throttleTimeMs: 0,
    errorCode: errors.NONE,
    errorMessage: '',
    results: [...counts].map(([user, count]) => ({ user, credentialInfos: [], ...faultOf(user, count) })),
  };
}

function faultOf(user: string, count: number): { readonly errorCode: number; readonly errorMessage: string } {
  if (count === 1) {
    return {
      errorCode: errors.RESOURCE_NOT_FOUND,
      errorMessage: `Attempt to describe a user credential that does not exist: ${user}`,
    };
  }
  return {
    errorCode: errors.DUPLICATE_RESOURCE,
    errorMessage: `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`,
  };
}
