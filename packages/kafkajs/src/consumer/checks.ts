/** What callers may give for topics, partitions and offsets. Everything else is `KafkaJSNonRetriableError`. */
import { KafkaJSNonRetriableError } from '../errors.ts';
import { numberOf } from '../loose.ts';
import type {
  ConsumerSubscribeTopic,
  ConsumerSubscribeTopics,
  TopicPartitionOffsetAndMetadata,
} from '../types/consumer.ts';

const wrong = (text: string): KafkaJSNonRetriableError => new KafkaJSNonRetriableError(text);

/** First and last offset, as a seek may ask for them. */
const specials = new Set([-1n, -2n]);

export function topicsOf(given: Partial<ConsumerSubscribeTopics & ConsumerSubscribeTopic>): (string | RegExp)[] {
  const { topic, topics } = given;
  if (topics !== undefined && topics !== null && !Array.isArray(topics)) throw wrong('"topics" must be a list.');
  if (!topics && !topic) throw wrong('subscribe needs "topics".');
  const list = topics ?? [topic!];
  for (const one of list)
    if (typeof one !== 'string' && !(one instanceof RegExp))
      throw wrong(`${String(one)} is a ${typeof one}; a topic is a text or a RegExp.`);
  return list;
}

export function checkTopic(topic: unknown): void {
  if (!topic) throw wrong(`There can be no topic ${String(topic)}.`);
}

export function checkPartition(partition: unknown): void {
  if (Number.isNaN(Number(partition)) || partition === undefined)
    throw wrong(`${String(partition)} is no partition; it is a number.`);
}

export function offsetOf(given: unknown, { isSpecialAllowed }: { readonly isSpecialAllowed: boolean }): bigint {
  let offset: bigint;
  try {
    offset = BigInt(given as string);
  } catch {
    throw wrong(`${String(given)} is no offset; it is a whole number as a text.`);
  }
  if (offset < 0n && !(isSpecialAllowed && specials.has(offset))) throw wrong(`The offset ${offset} is negative.`);
  return offset;
}

export function checkCommit({ topic, partition, offset, metadata }: TopicPartitionOffsetAndMetadata): void {
  checkTopic(topic);
  checkPartition(partition);
  offsetOf(offset, { isSpecialAllowed: false });
  if (metadata !== null && metadata !== undefined && typeof metadata !== 'string')
    throw wrong(`Metadata of an offset is a text, not a ${typeof metadata}.`);
}

export function checkTopicPartitions(given: ReadonlyArray<{ topic: string; partitions?: number[] }>): void {
  for (const one of given) {
    checkTopic((one as { topic: string } | null | undefined)?.topic);
    const { partitions } = one;
    if (partitions === undefined) continue;
    if (!Array.isArray(partitions) || partitions.some((partition) => Number.isNaN(numberOf(partition))))
      throw wrong(`${String(partitions)} is no list of partitions.`);
  }
}
