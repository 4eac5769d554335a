/** CreatePartitions (37), versions 0 to 3. In: topics and the count they are to grow to. Out: a result for each topic. */
import { apis, errors, type CreatePartitionsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import type { Fault } from '../metadata/controller.ts';

type Asked = CreatePartitionsRequest['topics'][number];
type CreatePartitionsAnswer = Exclude<Awaited<Answer<typeof apis.createPartitions>>, symbol>;

export async function createPartitions(
  doors: Doors,
  request: CreatePartitionsRequest,
  exchange: Exchange,
): Promise<CreatePartitionsAnswer> {
  const askedByName = new Map<string, Asked>();
  const repeated = new Set<string>();
  for (const asked of request.topics) {
    if (askedByName.has(asked.name)) repeated.add(asked.name);
    askedByName.set(asked.name, asked);
  }
  const results: CreatePartitionsAnswer['results'][number][] = [];
  for (const [name, asked] of askedByName) {
    if (doors.quotas.isActive && !repeated.has(name) && isOverQuota(doors, asked, exchange)) {
      results.push({ name, errorCode: errors.THROTTLING_QUOTA_EXCEEDED, errorMessage: null });
      continue;
    }
    const fault: Fault | undefined = repeated.has(name)
      ? { errorCode: errors.INVALID_REQUEST, errorMessage: 'Duplicate topic name.' }
      : request.validateOnly
        ? doors.controller.createPartitions(name, asked.count, asked.assignments).response
        : await doors.topics.grow(name, asked.count, asked.assignments);
    results.push({ name, errorCode: fault?.errorCode ?? errors.NONE, errorMessage: fault?.errorMessage ?? null });
  }
  return { throttleTimeMs: 0, results };
}

/** Clients of older versions do not know the error of a quota: they are only throttled. */
const strictSince = 3;

function isOverQuota(doors: Doors, { name, count, assignments }: Asked, exchange: Exchange): boolean {
  if (doors.controller.createPartitions(name, count, assignments).response !== undefined) return false;
  const more = count - (doors.image.topic(name)?.partitions.length ?? 0);
  return !doors.quotas.mayChange(exchange, more, exchange.apiVersion >= strictSince);
}
