/**
 * `diagnostics_channel` `millrace:client:produce`: every batch when it was acknowledged or has failed, for tracing, with the attributes of
 * OpenTelemetry's messaging conventions. Costs nothing while nobody listens.
 */
import { channel } from 'node:diagnostics_channel';

import type { Clock } from '@millrace/base';

import type { ClientError } from '../error.ts';
import { type MessagingAttributes, messagingAttributes } from '../messaging-attributes.ts';
import type { Batch } from './batch.ts';
import type { BatchObserver } from './batch-fate.ts';

const produced = channel('millrace:client:produce');

export interface ProducedBatch {
  readonly attributes: MessagingAttributes;
  /** From the first record's `send` to the end. */
  readonly tookMs: number;
  readonly error: ClientError | undefined;
}

export class ProduceChannel implements BatchObserver {
  readonly #next: BatchObserver;
  readonly #clock: Clock;
  readonly #clientId: string;

  /** Tells `next` too. */
  constructor(next: BatchObserver, clock: Clock, clientId: string) {
    this.#next = next;
    this.#clock = clock;
    this.#clientId = clientId;
  }

  sent(batch: Batch, broker: string): void {
    this.#next.sent(batch, broker);
    if (produced.hasSubscribers) this.#publish(batch, broker, undefined);
  }

  failed(batch: Batch, error: ClientError): void {
    this.#next.failed(batch, error);
    if (produced.hasSubscribers) this.#publish(batch, error.broker ?? '', error);
  }

  retried(batch: Batch): void {
    this.#next.retried(batch);
  }

  split(batch: Batch): void {
    this.#next.split(batch);
  }

  #publish(batch: Batch, broker: string, error: ClientError | undefined): void {
    const { queue, count, bytes } = batch;
    const place = { topic: queue.topic.name, partition: queue.index };
    const operation = { type: 'send', name: 'send', ...place, count, clientId: this.#clientId, broker } as const;
    const message: ProducedBatch = {
      attributes: {
        ...messagingAttributes({ ...operation, errorType: error?.code }),
        'messaging.message.envelope.size': bytes?.length ?? 0,
      },
      tookMs: this.#clock.monotonic() - batch.createdAtMs,
      error,
    };
    produced.publish(message);
  }
}
