/** Instrumentation: named events with a number, a time and a payload. An event that nobody listens to is not made. */
import { EventEmitter } from 'node:events';

import { KafkaJSNonRetriableError } from './errors.ts';
import type { Logger } from './logger.ts';

export interface InstrumentationEvent<T> {
  id: string;
  type: string;
  timestamp: number;
  payload: T;
}

export type RemoveInstrumentationEventListener<_T> = () => void;

export const producerEvents = {
  CONNECT: 'producer.connect',
  DISCONNECT: 'producer.disconnect',
  REQUEST: 'producer.network.request',
  REQUEST_TIMEOUT: 'producer.network.request_timeout',
  REQUEST_QUEUE_SIZE: 'producer.network.request_queue_size',
} as const;

export const adminEvents = {
  CONNECT: 'admin.connect',
  DISCONNECT: 'admin.disconnect',
  REQUEST: 'admin.network.request',
  REQUEST_TIMEOUT: 'admin.network.request_timeout',
  REQUEST_QUEUE_SIZE: 'admin.network.request_queue_size',
} as const;

export const consumerEvents = {
  HEARTBEAT: 'consumer.heartbeat',
  COMMIT_OFFSETS: 'consumer.commit_offsets',
  GROUP_JOIN: 'consumer.group_join',
  FETCH: 'consumer.fetch',
  FETCH_START: 'consumer.fetch_start',
  START_BATCH_PROCESS: 'consumer.start_batch_process',
  END_BATCH_PROCESS: 'consumer.end_batch_process',
  CONNECT: 'consumer.connect',
  DISCONNECT: 'consumer.disconnect',
  STOP: 'consumer.stop',
  CRASH: 'consumer.crash',
  REBALANCING: 'consumer.rebalancing',
  RECEIVED_UNSUBSCRIBED_TOPICS: 'consumer.received_unsubscribed_topics',
  REQUEST: 'consumer.network.request',
  REQUEST_TIMEOUT: 'consumer.network.request_timeout',
  REQUEST_QUEUE_SIZE: 'consumer.network.request_queue_size',
} as const;

export interface NetworkEvents {
  readonly REQUEST: string;
  readonly REQUEST_TIMEOUT: string;
  readonly REQUEST_QUEUE_SIZE: string;
}

type Listener = (event: InstrumentationEvent<never>) => unknown;

let events = 0;

export class Instrumentation {
  readonly #emitter = new EventEmitter({ captureRejections: false });
  readonly #names: readonly string[];
  readonly #logger: () => Logger;

  constructor(names: Readonly<Record<string, string>>, logger: () => Logger) {
    this.#names = Object.values(names);
    this.#logger = logger;
    this.#emitter.setMaxListeners(0);
  }

  isHeard(name: string): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  emit(name: string, payload?: unknown): void {
    if (!this.isHeard(name)) return;
    this.#emitter.emit(name, { id: events++, type: name, timestamp: Date.now(), payload });
  }

  /** A listener that throws or rejects is logged, and hurts nobody. */
  on(name: string, listener: Listener): () => void {
    if (!this.#names.includes(name))
      throw new KafkaJSNonRetriableError(`There is no event "${name}"; there are ${this.#names.join(', ')}.`);
    const guarded = (event: InstrumentationEvent<never>): void => {
      Promise.try(listener, event).catch((error: Error) => {
        this.#logger().error(`A listener of ${name} failed: ${error.message}`, { eventName: name, stack: error.stack });
      });
    };
    this.#emitter.on(name, guarded);
    return () => void this.#emitter.off(name, guarded);
  }
}
