/** Messages as they are given → records of the client, each with its partition. What cannot be sent is refused before anything is. */
import type { HeadersInput, PlainRecord } from '@millrace/client';

import type { DoorCluster } from '../cluster.ts';
import { KafkaJSMetadataNotLoaded, KafkaJSNonRetriableError } from '../errors.ts';
import type { ICustomPartitioner, IHeaders, Message, TopicMessages } from '../types/producer.ts';

export type Partitioner = ReturnType<ICustomPartitioner>;

export interface Given {
  readonly topic: string;
  readonly messages: readonly Message[];
}

/** One entry for each topic. Throws `KafkaJSNonRetriableError`. */
export function checkedTopics(given: readonly TopicMessages[]): Given[] {
  const merged = new Map<string, Message[]>();
  for (const { topic, messages } of given) {
    if (!topic) throw new KafkaJSNonRetriableError('Messages need a topic.');
    if (!messages) throw new KafkaJSNonRetriableError(`There are no messages for "${topic}": "messages" is a list.`);
    for (const message of messages)
      if (message.value === undefined)
        throw new KafkaJSNonRetriableError(
          `A message for "${topic}" has no value; a tombstone has null: ${JSON.stringify(message)}`,
        );
    const before = merged.get(topic);
    merged.set(topic, before === undefined ? messages : [...before, ...messages]);
  }
  return [...merged].map(([topic, messages]) => ({ topic, messages }));
}

/** Asks the partitioner for each message. Throws what it throws, and `TypeError` for keys and values that are neither bytes nor text. */
export function recordsOf(given: readonly Given[], cluster: DoorCluster, partitioner: Partitioner): PlainRecord[] {
  const records: PlainRecord[] = [];
  const nowMs = Date.now();
  for (const { topic, messages } of given) {
    const partitionMetadata = cluster.findTopicPartitionMetadata(topic);
    if (partitionMetadata.length === 0) throw new KafkaJSMetadataNotLoaded(`Nothing is known of "${topic}" yet.`);
    for (const message of messages) {
      const { key = null, value, timestamp, headers } = message;
      records.push({
        topic,
        key: bytesOrText('key', key),
        value: bytesOrText('value', value),
        partition: partitioner({ topic, partitionMetadata, message }),
        timestamp: timestamp === undefined || timestamp === null ? nowMs : Number(timestamp),
        headers: headers === undefined || headers === null ? undefined : headersOf(headers),
      });
    }
  }
  return records;
}

function bytesOrText(noun: string, field: unknown): Uint8Array | string | null {
  if (typeof field === 'string' || field === null || field instanceof Uint8Array) return field;
  const text = `The ${noun} of a message is a Buffer, a text or null, not a ${typeof field}.`;
  throw Object.assign(new TypeError(text), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** A list is a header that comes more than once. */
function headersOf(given: IHeaders): HeadersInput {
  return Object.entries(given).flatMap(([key, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values.flatMap((value) => (value === undefined ? [] : [{ key, value: bytesOrText('header', value) }]));
  });
}
