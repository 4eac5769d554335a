/**
 * AlterClientQuotas (49), versions 0 and 1. In: per entity quotas to set and to remove. Out: a verdict for each entity, once what is
 * right is on disk; all changes of an entity are made or none.
 */
import { apis, errors, type AlterClientQuotasRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import { decideQuotas } from '../quota/alter-quotas.ts';
import { entityOf, partsOf } from '../quota/quota-entity.ts';

type AlterClientQuotasAnswer = Exclude<Awaited<Answer<typeof apis.alterClientQuotas>>, symbol>;

export async function alterClientQuotas(
  doors: Doors,
  request: AlterClientQuotasRequest,
): Promise<AlterClientQuotasAnswer> {
  const alterations = request.entries.map(({ entity, ops }) => ({
    entity: entityOf(entity),
    ops: ops.map(({ key, value, remove }) => ({ key, value: remove ? null : value })),
  }));
  const { records, verdicts } = decideQuotas(doors.image.quotas, alterations);
  if (!request.validateOnly) await doors.metadata.commit(records);
  return {
    throttleTimeMs: 0,
    entries: verdicts.map(({ entity, fault }) => ({
      errorCode: fault?.errorCode ?? errors.NONE,
      errorMessage: fault?.errorMessage ?? null,
      entity: partsOf(entity),
    })),
  };
}
