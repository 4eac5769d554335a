/**
 * `diagnostics_channel`, for tracing: what is received goes to `millrace:client:consume`, as of the other consumer; here is what comes after.
 * `millrace:client:process`: a handler's call has ended. `millrace:client:settle`: a broker has answered acknowledgements, or cannot any
 * more. Costs nothing while nobody listens.
 */
import { channel } from 'node:diagnostics_channel';

import type { Clock } from '@millrace/base';

import type { ConsumedMessage } from '../consumer/reading/consume-channel.ts';
import { type MessagingAttributes, messagingAttributes } from '../messaging-attributes.ts';
import { type AcknowledgementResult, recordsIn } from './acknowledgement.ts';
import type { Delivery } from './delivery.ts';

export interface ProcessedMessage {
  readonly attributes: MessagingAttributes;
  readonly records: readonly unknown[];
  readonly tookMs: number;
  /** What the handler has thrown. */
  readonly error: unknown;
}

export interface SettledMessage extends AcknowledgementResult {
  readonly attributes: MessagingAttributes;
}

/** To be called when the handler is done, with what it has thrown. */
export type ProcessEnd = (error?: unknown) => void;

type Who = Pick<ConsumedMessage, 'clientId' | 'groupId'>;

const processed = channel('millrace:client:process');
const settled = channel('millrace:client:settle');

/** A handler gets these records of a delivery. Undefined when nobody listens. */
export function beginProcess(
  who: Who,
  clock: Clock,
  delivery: Delivery,
  from: number,
  to: number,
): ProcessEnd | undefined {
  if (!processed.hasSubscribers) return undefined;
  const { topic, partition } = delivery;
  const records = delivery.records.slice(from, to);
  const begunAtMs = clock.monotonic();
  return (error) => {
    const errorType = error === undefined ? undefined : error instanceof Error ? error.name : typeof error;
    const operation = { type: 'process', name: 'process', topic, partition, count: to - from, errorType } as const;
    const attributes = messagingAttributes({ ...who, ...operation });
    const message: ProcessedMessage = { attributes, records, tookMs: clock.monotonic() - begunAtMs, error };
    processed.publish(message);
  };
}

export function tellSettled(who: Who, results: readonly AcknowledgementResult[], broker: () => string): void {
  if (!settled.hasSubscribers) return;
  for (const result of results) {
    const { topic, partition, ranges, error } = result;
    const operation = { type: 'settle', name: 'acknowledge', topic, partition, count: recordsIn(ranges) } as const;
    const attributes = messagingAttributes({ ...who, ...operation, broker: broker(), errorType: error?.code });
    const message: SettledMessage = { ...result, attributes };
    settled.publish(message);
  }
}
