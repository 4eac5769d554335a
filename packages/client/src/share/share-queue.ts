/** Deliveries that wait for a reader. In: what fetches brought. Out: the next one, opened, and a wake-up for who waits. */
import type { RecordDecoder } from '../consumer/fetch/cursor.ts';
import type { ReadRules } from '../consumer/reading/wire-batch.ts';
import { type ConsumedMessage, tellConsumed } from '../consumer/reading/consume-channel.ts';
import type { PollMetrics } from '../consumer/reading/poll-metrics.ts';
import { ClientError } from '../error.ts';
import type { Delivery } from './delivery.ts';

/** Whoever hands records to the user; there is one at a time. */
export interface ShareReader {
  /** It waits for records. */
  readonly isIdle: boolean;
  /** There may be something now: a delivery, a fault, or the end. */
  wake(): void;
}

export interface ShareQueueOptions {
  readonly who: Pick<ConsumedMessage, 'clientId' | 'groupId'>;
  readonly meter: PollMetrics;
  readonly readRules: ReadRules;
  /** Whether coming for the next record says that those before are done with. */
  readonly isImplicit: boolean;
  readonly decoderOf: (topic: string) => RecordDecoder | undefined;
  readonly nowMs: () => number;
  /** All deliveries that are not settled. */
  readonly deliveries: () => Iterable<Delivery>;
  /** A reader has come for more. */
  readonly asked: () => void;
  /** A reader waits for what is not there. */
  readonly hungry: () => void;
}

export class ShareQueue {
  readonly isImplicit: boolean;
  readonly #options: ShareQueueOptions;
  readonly #faults: ClientError[] = [];
  #ready: Delivery[] = [];
  #reader: ShareReader | undefined;
  #finalFault: ClientError | undefined;
  #isEnded = false;
  /** How many records were handed out ever. */
  handedCount = 0;

  constructor(options: ShareQueueOptions) {
    this.#options = options;
    this.isImplicit = options.isImplicit;
  }

  get who(): ShareQueueOptions['who'] {
    return this.#options.who;
  }

  get reader(): ShareReader | undefined {
    return this.#reader;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** A reader waits for what must be fetched. */
  get isHungry(): boolean {
    return this.#reader?.isIdle === true && this.#ready.length === 0 && this.#faults.length === 0 && !this.#isEnded;
  }

  /** Throws `ClientError` STATE when somebody else reads. */
  enter(reader: ShareReader): void {
    if (this.#reader !== undefined)
      throw new ClientError('STATE', 'This consumer is being read already: end the other loop or run() first.');
    this.#reader = reader;
  }

  leave(reader: ShareReader): void {
    if (this.#reader === reader) this.#reader = undefined;
  }

  put(delivery: Delivery): void {
    this.#ready.push(delivery);
    this.#reader?.wake();
  }

  /** The next reader goes on with it. */
  giveBack(delivery: Delivery): void {
    if (delivery.left > 0) this.#ready.unshift(delivery);
  }

  /** The next reader throws it; one that is final, all after it too. */
  fail(error: ClientError, isFinal: boolean): void {
    if (isFinal) this.#finalFault ??= error;
    else this.#faults.push(error);
    this.#reader?.wake();
  }

  clear(): void {
    this.#ready = [];
    this.#faults.length = 0;
    this.#finalFault = undefined;
  }

  /** Readers come to their end. */
  end(): void {
    this.#isEnded = true;
    this.#reader?.wake();
  }

  /** The reader waits from now on. */
  hunger(): void {
    this.#options.meter.waits(true);
    if (this.isHungry) this.#options.hungry();
    else this.#reader?.wake();
  }

  /** What comes next, opened; undefined: there is nothing. A promise that gives nothing says that it is time to look again. Throws `ClientError`. */
  next(): Delivery | undefined | Promise<Delivery | undefined> {
    const { asked, nowMs, deliveries } = this.#options;
    if (this.isImplicit) for (const delivery of deliveries()) delivery.acceptHanded();
    asked();
    const fault = this.#finalFault ?? this.#faults.shift();
    if (fault !== undefined) throw fault;
    for (let delivery = this.#ready.shift(); delivery !== undefined; delivery = this.#ready.shift()) {
      if (delivery.isOpen) {
        if (delivery.left > 0) return this.#took(delivery);
      } else if (delivery.lockedUntilMs <= nowMs()) delivery.drop();
      else {
        const opened = this.#open(delivery);
        if (opened !== undefined) return opened;
      }
    }
    const found = this.#faults.shift();
    if (found !== undefined) throw found;
    return undefined;
  }

  #open(delivery: Delivery): Delivery | undefined | Promise<Delivery | undefined> {
    const faults = delivery.open(this.#options.readRules, this.#options.decoderOf(delivery.topic));
    const opened = (found: readonly ClientError[]): Delivery | undefined => {
      this.#faults.push(...found);
      if (delivery.left === 0) return undefined;
      const { records, broker } = delivery;
      const given = { records, index: 0, nextOffset: records.at(-1)!.offset + 1n };
      tellConsumed(delivery, given, this.#options.who, broker);
      return this.#took(delivery);
    };
    return faults instanceof Promise ? faults.then(opened) : opened(faults);
  }

  #took(delivery: Delivery): Delivery {
    this.#options.meter.took();
    return delivery;
  }
}
