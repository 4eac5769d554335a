/**
 * OffsetFetch (9), versions 1 to 10. In: one group (until 7) or many, with topics by name or, since 10, by id, or all that have offsets. Out: the
 * offsets, -1 where there is none. Since 9 a member of a consumer group can say its epoch, and is refused in another.
 */
import { apis, errors, zeroUuid, type OffsetFetchRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { whenAllAnswered } from '../coordinator/all-answers.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import { missing, type FoundOffset, type FoundTopic } from '../coordinator/offset-query.ts';
import type { Exchange } from '../exchange.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { later } from '../request.ts';

const groupErrorSince = 2;
const manyGroupsSince = 8;
const topicIdsSince = 10;

interface AskedGroup {
  readonly groupId: string;
  readonly memberId?: string | null;
  readonly memberEpoch?: number;
  readonly topics: readonly AskedTopic[] | null;
}

interface AskedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitionIndexes: readonly number[];
}

interface FoundGroup {
  readonly groupId: string;
  readonly errorCode: number;
  readonly topics: readonly FoundTopic[];
}

export function offsetFetch(
  doors: GroupDoors,
  request: OffsetFetchRequest,
  exchange: Exchange,
): Answer<typeof apis.offsetFetch> {
  const { apiVersion } = exchange;
  const { requireStable } = request;
  const groups = apiVersion >= manyGroupsSince ? request.groups : [onlyGroup(request)];
  const answered = whenAllAnswered<FoundGroup>(groups.length, (found) =>
    doors.answer(exchange, shape(groups, found, apiVersion)),
  );
  for (const [index, asked] of groups.entries()) {
    fetchGroup(doors, asked, { requireStable, byId: apiVersion >= topicIdsSince }, (found) => answered(index, found));
  }
  return later;
}

function onlyGroup({ groupId, topics }: OffsetFetchRequest): AskedGroup {
  return { groupId, topics: topics && topics.map((topic) => ({ ...topic, topicId: zeroUuid })) };
}

function fetchGroup(
  doors: GroupDoors,
  { groupId, memberId = null, memberEpoch = -1, topics }: AskedGroup,
  { requireStable, byId }: { readonly requireStable: boolean; readonly byId: boolean },
  answered: (found: FoundGroup) => void,
): void {
  const { image } = doors;
  const known =
    topics && (byId ? topics.flatMap((topic) => named(image, topic)) : topics.map((topic) => withId(image, topic)));
  doors.coordinator.queryOffsets(
    { groupId, member: { id: memberId, epoch: memberEpoch }, topics: known, requireStable },
    {
      answer: (found) => {
        const all = byId && topics === null ? found.flatMap((topic) => identified(image, topic)) : found;
        const unknown =
          byId && topics !== null ? topics.filter(({ topicId }) => image.topicById(topicId) === undefined) : [];
        const failed = unknown.map((topic) => failedTopic(topic, errors.UNKNOWN_TOPIC_ID));
        answered({ groupId, errorCode: errors.NONE, topics: [...all, ...failed] });
      },
      fail: (errorCode) => answered({ groupId, errorCode, topics: [] }),
    },
  );
}

function named(image: MetadataImage, topic: AskedTopic): AskedTopic[] {
  const present = image.topicById(topic.topicId);
  return present === undefined ? [] : [{ ...topic, name: present.name }];
}

/** An offset of a topic that had the name before must not be found. */
function withId(image: MetadataImage, topic: AskedTopic): AskedTopic {
  return { ...topic, topicId: image.topic(topic.name)?.id ?? zeroUuid };
}

/** A topic without an id cannot be told since 10. */
function identified(image: MetadataImage, topic: FoundTopic): FoundTopic[] {
  const present = image.topic(topic.name);
  return present === undefined ? [] : [{ ...topic, topicId: present.id }];
}

function failedTopic({ name, topicId, partitionIndexes }: AskedTopic, errorCode: number): FoundTopic {
  return {
    name,
    topicId,
    partitions: partitionIndexes.map((index): FoundOffset => ({ ...missing(index), errorCode })),
  };
}

function shape(asked: readonly AskedGroup[], found: readonly FoundGroup[], apiVersion: number): object {
  if (apiVersion >= manyGroupsSince) return { groups: found };
  const [group] = found;
  if (group === undefined || group.errorCode === errors.NONE) return { topics: group?.topics ?? [] };
  if (apiVersion >= groupErrorSince) return { topics: [], errorCode: group.errorCode };
  return { topics: (asked[0]?.topics ?? []).map((topic) => failedTopic(topic, group.errorCode)) };
}
