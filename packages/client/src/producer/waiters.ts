/** Who waits for a record: one `send` of one, one `send` of many, or a callback. Records that nobody waits for have none. */
import type { ClientError } from '../error.ts';
import { type BatchPlace, RecordMetadata } from './record-metadata.ts';

export interface Waiter {
  /** `index` is the record's in its batch, `ticket` what the waiter gave with it. */
  sent(place: BatchPlace, index: number, timestamp: number, ticket: number): void;
  failed(error: ClientError, ticket: number): void;
}

let takenResolve: (value: never) => void;
let takenReject: (error: ClientError) => void;
/** One function for all promises, in place of a closure for each. */
const take = (resolve: (value: never) => void, reject: (error: ClientError) => void): void => {
  takenResolve = resolve;
  takenReject = reject;
};

export class OneSend implements Waiter {
  readonly promise: Promise<RecordMetadata>;
  readonly #resolve: (metadata: RecordMetadata) => void;
  readonly #reject: (error: ClientError) => void;

  constructor() {
    this.promise = new Promise<never>(take);
    this.#resolve = takenResolve as (metadata: RecordMetadata) => void;
    this.#reject = takenReject;
  }

  sent(place: BatchPlace, index: number, timestamp: number): void {
    this.#resolve(new RecordMetadata(place, index, timestamp));
  }

  failed(error: ClientError): void {
    this.#reject(error);
  }
}

/** Settles when all have: with the metadata in the order they were given, or with the first failure. */
export class ManySends implements Waiter {
  readonly promise: Promise<RecordMetadata[]>;
  readonly #resolve: (metadata: RecordMetadata[]) => void;
  readonly #reject: (error: ClientError) => void;
  readonly #metadata: RecordMetadata[];
  #missing: number;
  #failure: ClientError | undefined;

  constructor(count: number) {
    this.promise = new Promise<never>(take);
    this.#resolve = takenResolve as (metadata: RecordMetadata[]) => void;
    this.#reject = takenReject;
    // oxlint-disable-next-line unicorn/no-new-array -- its length is known, and all places are filled
    this.#metadata = new Array<RecordMetadata>(count);
    this.#missing = count;
    if (count === 0) this.#resolve(this.#metadata);
  }

  sent(place: BatchPlace, index: number, timestamp: number, ticket: number): void {
    this.#metadata[ticket] = new RecordMetadata(place, index, timestamp);
    if (--this.#missing === 0) this.#settle();
  }

  failed(error: ClientError): void {
    this.#failure ??= error;
    if (--this.#missing === 0) this.#settle();
  }

  #settle(): void {
    if (this.#failure === undefined) this.#resolve(this.#metadata);
    else this.#reject(this.#failure);
  }
}

export type SendCallback = (error: ClientError | null, metadata: RecordMetadata | undefined) => void;

export class CallbackSend implements Waiter {
  readonly #callback: SendCallback;

  constructor(callback: SendCallback) {
    this.#callback = callback;
  }

  sent(place: BatchPlace, index: number, timestamp: number): void {
    call(this.#callback, null, new RecordMetadata(place, index, timestamp));
  }

  failed(error: ClientError): void {
    call(this.#callback, error, undefined);
  }
}

/** What a callback throws is the user's, and must not keep the other records of its batch from theirs. */
function call(callback: SendCallback, error: ClientError | null, metadata: RecordMetadata | undefined): void {
  try {
    callback(error, metadata);
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
}
