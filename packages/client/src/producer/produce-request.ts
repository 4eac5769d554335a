/** Batches → a Produce request, and its answer → an answer for each batch. */
import { type ExactRequestInput, type ExactResponse, zeroUuid } from '@millrace/protocol';

import type { Batch } from './batch.ts';
import type { ProducerSettings } from './producer-settings.ts';

export type ProducePart = ExactResponse<'produce'>['responses'][number]['partitionResponses'][number];

interface TopicPart {
  readonly name: string;
  readonly topicId: string;
  readonly partitionData: { readonly index: number; readonly records: Buffer }[];
}

/** Versions from 13 on name topics by ids only, which old brokers do not give. */
const lastVersionWithNames = 12;

export class ProduceRequest {
  readonly batches: readonly Batch[];
  readonly body: ExactRequestInput<'produce'>;
  readonly #topics = new Map<string, TopicPart>();

  constructor(batches: readonly Batch[], { acks, requestTimeoutMs, transactionalId }: ProducerSettings) {
    this.batches = batches;
    for (const { queue, bytes } of batches) {
      const { name, metadata } = queue.topic;
      let topic = this.#topics.get(name);
      if (topic === undefined) {
        topic = { name, topicId: metadata?.topicId ?? zeroUuid, partitionData: [] };
        this.#topics.set(name, topic);
      }
      topic.partitionData.push({ index: queue.index, records: bytes! });
    }
    const topicData = [...this.#topics.values()];
    this.body = { transactionalId: transactionalId ?? null, acks, timeoutMs: requestTimeoutMs, topicData };
  }

  get versionMax(): number {
    for (const { topicId } of this.#topics.values()) if (topicId === zeroUuid) return lastVersionWithNames;
    return Number.POSITIVE_INFINITY;
  }

  /** What was said of each batch; undefined of one that the answer leaves out. */
  parts({ responses }: ExactResponse<'produce'>): (ProducePart | undefined)[] {
    const first = responses[0]?.partitionResponses[0];
    if (this.batches.length === 1) return [first?.index === this.batches[0]!.queue.index ? first : undefined];
    const said = new Map<string, ProducePart>();
    for (const { name, topicId, partitionResponses } of responses)
      for (const part of partitionResponses) said.set(`${name === '' ? topicId : name} ${part.index}`, part);
    return this.batches.map(({ queue }) => {
      const { name, topicId } = this.#topics.get(queue.topic.name)!;
      return said.get(`${name} ${queue.index}`) ?? said.get(`${topicId} ${queue.index}`);
    });
  }
}
