/** `diagnostics_channel`: what is handed out, slice by slice, for tracing. Costs nothing while nobody listens. */
import { channel } from 'node:diagnostics_channel';

import { type MessagingAttributes, messagingAttributes } from '../../messaging-attributes.ts';
import type { TopicPartition } from '../../record.ts';

export interface ConsumedMessage extends TopicPartition {
  readonly attributes: MessagingAttributes;
  readonly clientId: string;
  readonly groupId: string | undefined;
  readonly records: readonly unknown[];
  readonly nextOffset: bigint;
}

interface GivenRecords {
  readonly records: readonly unknown[];
  /** How many of them were given before. */
  readonly index: number;
  readonly nextOffset: bigint;
}

const consumed = channel('millrace:client:consume');

export function tellConsumed(
  { topic, partition }: TopicPartition,
  { records, index, nextOffset }: GivenRecords,
  who: Pick<ConsumedMessage, 'clientId' | 'groupId'>,
  broker?: string,
): void {
  if (!consumed.hasSubscribers) return;
  const given = records.slice(index);
  const operation = { type: 'receive', name: 'poll', topic, partition, count: given.length, broker } as const;
  const attributes = messagingAttributes({ ...who, ...operation });
  const message: ConsumedMessage = { attributes, ...who, topic, partition, records: given, nextOffset };
  consumed.publish(message);
}
