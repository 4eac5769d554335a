/** `diagnostics_channel`: what is handed out, slice by slice, for tracing. Costs nothing while nobody listens. */
import { channel } from 'node:diagnostics_channel';

import type { TopicPartition } from '../../record.ts';
import type { HandedSlice } from './handed-slice.ts';

export interface ConsumedMessage extends TopicPartition {
  readonly clientId: string;
  readonly groupId: string | undefined;
  readonly records: readonly unknown[];
  readonly nextOffset: bigint;
}

const consumed = channel('millrace:client:consume');

export function tellConsumed(
  { topic, partition }: TopicPartition,
  { records, index, nextOffset }: HandedSlice,
  who: Pick<ConsumedMessage, 'clientId' | 'groupId'>,
): void {
  if (!consumed.hasSubscribers) return;
  const message: ConsumedMessage = { ...who, topic, partition, records: records.slice(index), nextOffset };
  consumed.publish(message);
}
