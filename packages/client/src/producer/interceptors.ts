/**
 * The user's interceptors. In: records as they were given, and what became of them. Out: the records that are sent. One that throws is logged
 * and passed over, as in Java: records go on without it.
 */
import type { Logger } from '@millrace/base';

import { ClientError } from '../error.ts';
import type { PlainRecord, ProducerRecord } from './producer-record.ts';
import { type BatchPlace, RecordMetadata } from './record-metadata.ts';
import type { Waiter } from './waiters.ts';

export type InterceptedRecord = ProducerRecord<unknown, unknown>;

/** Takes the place of Java's interceptor.classes. */
export interface ProducerInterceptor {
  /** Called by `send`, before the record is serialized. What it gives is sent in its place; nothing: the record as it is. */
  onSend?(record: InterceptedRecord): InterceptedRecord | undefined | void;
  /** The record was acknowledged, or has failed: then there is an error in place of the metadata. Called before whoever waits is told. */
  onAcknowledgement?(
    metadata: RecordMetadata | undefined,
    error: ClientError | undefined,
    record: InterceptedRecord,
  ): void;
}

/** Throws `ClientError` CONFIG. */
export function interceptorsOf(
  list: readonly ProducerInterceptor[] | undefined,
  log: Logger,
): Interceptors | undefined {
  if (list === undefined || (Array.isArray(list) && list.length === 0)) return undefined;
  if (Array.isArray(list) && list.every((one) => typeof one === 'object' && one !== null))
    return new Interceptors(list, log);
  throw new ClientError('CONFIG', 'Option "interceptors" is a list of objects with onSend, onAcknowledgement or both.');
}

export class Interceptors {
  readonly #list: readonly ProducerInterceptor[];
  readonly #log: Logger;
  readonly #doAcknowledge: boolean;

  constructor(list: readonly ProducerInterceptor[], log: Logger) {
    this.#list = list;
    this.#log = log;
    this.#doAcknowledge = list.some((one) => 'onAcknowledgement' in one);
  }

  sending(given: PlainRecord): PlainRecord {
    let record: InterceptedRecord = given;
    for (const one of this.#list) record = this.#safely(() => one.onSend?.(record)) ?? record;
    return record as PlainRecord;
  }

  /** Tells the interceptors first. */
  watching(record: PlainRecord, waiter: Waiter | null): Waiter | null {
    return this.#doAcknowledge ? new Watched(this, record, waiter) : waiter;
  }

  acknowledged(metadata: RecordMetadata | undefined, error: ClientError | undefined, record: PlainRecord): void {
    for (const one of this.#list) this.#safely(() => one.onAcknowledgement?.(metadata, error, record));
  }

  #safely<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.#log.warn({ error }, 'an interceptor has thrown; the record goes on without it');
      return undefined;
    }
  }
}

class Watched implements Waiter {
  readonly #interceptors: Interceptors;
  readonly #record: PlainRecord;
  readonly #waiter: Waiter | null;

  constructor(interceptors: Interceptors, record: PlainRecord, waiter: Waiter | null) {
    this.#interceptors = interceptors;
    this.#record = record;
    this.#waiter = waiter;
  }

  sent(place: BatchPlace, index: number, timestamp: number, ticket: number): void {
    this.#interceptors.acknowledged(new RecordMetadata(place, index, timestamp), undefined, this.#record);
    this.#waiter?.sent(place, index, timestamp, ticket);
  }

  failed(error: ClientError, ticket: number): void {
    this.#interceptors.acknowledged(undefined, error, this.#record);
    this.#waiter?.failed(error, ticket);
  }
}
