/** CreatePartitions (37), versions 0 to 3. In: topics and the count they are to grow to. Out: a result for each topic. */
import { apis, errors, type CreatePartitionsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Fault } from '../metadata/controller.ts';

type CreatePartitionsAnswer = Exclude<Awaited<Answer<typeof apis.createPartitions>>, symbol>;

export async function createPartitions(
  doors: Doors,
  request: CreatePartitionsRequest,
): Promise<CreatePartitionsAnswer> {
  const counts = new Map<string, number>();
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const results: CreatePartitionsAnswer['results'][number][] = [];
  for (const [name, times] of counts) {
    const asked = request.topics.find((topic) => topic.name === name);
    if (asked === undefined) continue;
    const fault: Fault | undefined =
      times > 1
        ? { errorCode: errors.INVALID_REQUEST, errorMessage: 'Duplicate topic name.' }
        : request.validateOnly
          ? doors.controller.createPartitions(name, asked.count, asked.assignments).response
          : await doors.topics.grow(name, asked.count, asked.assignments);
    results.push({ name, errorCode: fault?.errorCode ?? errors.NONE, errorMessage: fault?.errorMessage ?? null });
  }
  return { throttleTimeMs: 0, results };
}
