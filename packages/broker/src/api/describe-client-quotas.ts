/** DescribeClientQuotas (48), versions 0 and 1. In: types of entities with names, the default, or any. Out: the quotas that are set for them. */
import { apis, errors, type DescribeClientQuotasRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import { findQuotas } from '../quota/describe-quotas.ts';
import { partsOf } from '../quota/quota-entity.ts';

export function describeClientQuotas(
  doors: Doors,
  request: DescribeClientQuotasRequest,
): Answer<typeof apis.describeClientQuotas> {
  const found = findQuotas(doors.image.quotas, request);
  if (!Array.isArray(found)) return { throttleTimeMs: 0, ...found, entries: null };
  return {
    throttleTimeMs: 0,
    errorCode: errors.NONE,
    errorMessage: '',
    entries: found.map(({ entity, quotas }) => ({
      entity: partsOf(entity),
      values: [...quotas].map(([key, value]) => ({ key, value })),
    })),
  };
}
