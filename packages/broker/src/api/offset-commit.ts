/**
 * OffsetCommit (8), versions 2 to 10. In: offsets per partition, topics by name and since 10 by id. Out: a code per partition. What
 * fails for the group as a whole fails for every partition.
 */
import { apis, errors, zeroUuid, type OffsetCommitRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { callerOf } from '../coordinator/caller.ts';
import type { CommitAnswer } from '../coordinator/commit.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { later } from '../request.ts';

const topicIdsSince = 10;

type AskedTopic = OffsetCommitRequest['topics'][number];

/** A topic of the request, and the partitions of it that exist: those of which `codes` says nothing. */
interface CheckedTopic {
  readonly asked: AskedTopic;
  readonly name: string;
  readonly topicId: string;
  readonly codes: (number | undefined)[];
}

export function offsetCommit(
  doors: GroupDoors,
  request: OffsetCommitRequest,
  exchange: Exchange,
): Answer<typeof apis.offsetCommit> {
  const checked = request.topics.map((topic) => check(doors.image, topic, exchange.apiVersion >= topicIdsSince));
  const good = checked.filter(
    ({ codes, asked }) => codes.filter((code) => code !== undefined).length < asked.partitions.length,
  );
  if (good.length === 0 && request.topics.length > 0) return shape(checked, () => errors.NONE);
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId, retentionTimeMs } = request;
  const topics = good.map(({ asked, name, topicId, codes }) => ({
    name,
    topicId,
    partitions: asked.partitions.filter((_, index) => codes[index] === undefined),
  }));
  const commit = { groupId, memberId, groupInstanceId, generationId, retentionTimeMs, topics };
  doors.coordinator.commitOffsets(commit, callerOf(exchange), {
    answer: (answer) => doors.answer(exchange, shape(checked, codeIn(good, answer))),
    fail: (errorCode) =>
      doors.answer(
        exchange,
        shape(checked, () => errorCode),
      ),
  });
  return later;
}

function check(image: MetadataImage, asked: AskedTopic, byId: boolean): CheckedTopic {
  const topic = byId ? image.topicById(asked.topicId) : image.topic(asked.name);
  const unknown = byId ? errors.UNKNOWN_TOPIC_ID : errors.UNKNOWN_TOPIC_OR_PARTITION;
  const codes = asked.partitions.map(({ partitionIndex }) => {
    if (topic === undefined) return unknown;
    return topic.partitions[partitionIndex] === undefined ? errors.UNKNOWN_TOPIC_OR_PARTITION : undefined;
  });
  return { asked, name: topic?.name ?? asked.name, topicId: topic?.id ?? zeroUuid, codes };
}

type CodeOf = (topic: CheckedTopic, nth: number) => number;

/** The coordinator's code for the nth partition of a topic that was passed on to it. */
function codeIn(good: readonly CheckedTopic[], answer: CommitAnswer): CodeOf {
  const byTopic = new Map(good.map((topic, index) => [topic, answer[index] ?? []]));
  return (topic, nth) => byTopic.get(topic)?.[nth] ?? errors.NONE;
}

function shape(
  checked: readonly CheckedTopic[],
  codeOf: CodeOf,
): Exclude<Awaited<Answer<typeof apis.offsetCommit>>, symbol> {
  return {
    topics: checked.map((topic) => {
      let passedOn = 0;
      return {
        name: topic.asked.name,
        topicId: topic.asked.topicId,
        partitions: topic.asked.partitions.map(({ partitionIndex }, index) => ({
          partitionIndex,
          errorCode: topic.codes[index] ?? codeOf(topic, passedOn++),
        })),
      };
    }),
  };
}
