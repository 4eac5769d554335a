/** Offsets that are to be committed: which of their topics and partitions exist, and how the answer is put together again. */
import { errors, zeroUuid, type OffsetCommitRequest } from '@millrace/protocol';

import type { Commit, CommitAnswer } from '../coordinator/commit.ts';
import type { MetadataImage } from '../metadata/image.ts';

type AskedTopic = Pick<OffsetCommitRequest['topics'][number], 'name' | 'topicId' | 'partitions'>;

/** A topic of the request, and the partitions of it that exist: those of which `codes` says nothing. */
interface CheckedTopic {
  readonly asked: AskedTopic;
  readonly name: string;
  readonly topicId: string;
  readonly codes: readonly (number | undefined)[];
}

export interface AnsweredTopics {
  readonly throttleTimeMs: number;
  readonly topics: {
    readonly name: string;
    readonly topicId: string;
    readonly partitions: { readonly partitionIndex: number; readonly errorCode: number }[];
  }[];
}

export class OffsetTopics {
  readonly #checked: readonly CheckedTopic[];
  readonly #good: readonly CheckedTopic[];

  constructor(image: MetadataImage, asked: readonly AskedTopic[], byId: boolean) {
    this.#checked = asked.map((topic) => check(image, topic, byId));
    this.#good = this.#checked.filter(({ codes }) => codes.includes(undefined));
  }

  /** Something was asked, and nothing of it is for the coordinator. */
  get isAllUnknown(): boolean {
    return this.#good.length === 0 && this.#checked.length > 0;
  }

  /** For the coordinator. */
  get known(): Commit['topics'] {
    return this.#good.map(({ asked, name, topicId, codes }) => ({
      name,
      topicId,
      partitions: asked.partitions.filter((_, index) => codes[index] === undefined),
    }));
  }

  answered(answer: CommitAnswer): AnsweredTopics {
    const byTopic = new Map(this.#good.map((topic, index) => [topic, answer[index] ?? []]));
    return this.#shape((topic, nth) => byTopic.get(topic)?.[nth] ?? errors.NONE);
  }

  /** What fails for the group as a whole fails for every partition that exists. */
  failed(errorCode: number): AnsweredTopics {
    return this.#shape(() => errorCode);
  }

  /** `codeOf`: the coordinator's code for the nth partition of a topic that was passed on to it. */
  #shape(codeOf: (topic: CheckedTopic, nth: number) => number): AnsweredTopics {
    const topics = this.#checked.map((topic) => {
      let passedOn = 0;
      const partitions = topic.asked.partitions.map(({ partitionIndex }, index) => ({
        partitionIndex,
        errorCode: topic.codes[index] ?? codeOf(topic, passedOn++),
      }));
      return { name: topic.asked.name, topicId: topic.asked.topicId, partitions };
    });
    return { throttleTimeMs: 0, topics };
  }
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
