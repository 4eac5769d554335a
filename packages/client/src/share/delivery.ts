/**
 * What one answer brought of one partition. In: bytes, and the ranges of offsets in them that are acquired. Out: the records in those ranges,
 * and, bit by bit, what is to become of each offset.
 *
 * Offsets are kept as distances from the first one that was acquired, states as one byte a record.
 */
import { batchHeader as header } from '@millrace/protocol';

import type { AnyRecord } from '../consumer/reading/handed-slice.ts';
import type { RecordDecoder } from '../consumer/fetch/cursor.ts';
import type { FetchedRecord } from '../consumer/reading/fetched-record.ts';
import { type FetchedSegment, scanSegment } from '../consumer/reading/fetched-segment.ts';
import { openBatch } from '../consumer/reading/open-batch.ts';
import type { ReadRules } from '../consumer/reading/wire-batch.ts';
import { ClientError } from '../error.ts';
import { acknowledgeCodes, type TypedRange } from './acknowledgement.ts';
import { AcquiredRanges, type AcquiredRange } from './acquired-ranges.ts';
import { HeldRecord } from './held-record.ts';

export interface DeliveryOrigin {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** `host:port`. */
  readonly broker: string;
  readonly bytes: Buffer;
  readonly acquired: readonly AcquiredRange[];
  /** Told how many records there are to hand out, when that is known. */
  readonly counted: (records: number) => void;
  /** By the host's monotonic clock; afterwards the broker gives the records to others. */
  readonly lockedUntilMs: number;
}

/** Of a record. From 1 to 4: acknowledged so, and not sent yet. */
const held = 0;
const atWork = 5;
const settled = 6;

export class Delivery {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  lockedUntilMs: number;
  readonly #origin: DeliveryOrigin;
  readonly #acquired: AcquiredRanges;
  #records: HeldRecord[] = [];
  /** Of each record, from the first offset that was acquired. */
  #offsets = new Float64Array(0);
  #states = new Uint8Array(0);
  /** Offsets that nobody will see. */
  #others: TypedRange[] = [];
  /** Records that are neither acknowledged nor given up. */
  #heldCount = 0;
  /** Records that are acknowledged and not sent. */
  #markedCount = 0;
  #handed = 0;
  #isOpen = false;
  #isLost = false;

  /** Throws `ClientError` BROKEN_ANSWER. */
  constructor(origin: DeliveryOrigin) {
    this.#origin = origin;
    this.topic = origin.topic;
    this.topicId = origin.topicId;
    this.partition = origin.partition;
    this.lockedUntilMs = origin.lockedUntilMs;
    this.#acquired = new AcquiredRanges(origin);
  }

  get broker(): string {
    return this.#origin.broker;
  }

  /** Whether the offset was acquired with it. */
  covers(offset: bigint): boolean {
    return this.#acquired.covers(offset);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How many records are still to be handed out. */
  get left(): number {
    return this.#isLost ? 0 : this.#records.length - this.#handed;
  }

  /** How many records were handed out. */
  get handed(): number {
    return this.#handed;
  }

  /** Whether something is to be sent. */
  get isMarked(): boolean {
    return this.#markedCount > 0 || this.#others.length > 0;
  }

  get hasRenewals(): boolean {
    return this.#markedCount > 0 && this.#states.includes(acknowledgeCodes.renew);
  }

  /** Nothing will be sent any more. */
  get isSettled(): boolean {
    return this.#isOpen && this.#heldCount === 0 && !this.isMarked;
  }

  /** Reads the records. Gives what went wrong with some of them, which are acknowledged at once: `reject` if damaged, else `release`. */
  open(rules: ReadRules, decoder: RecordDecoder | undefined): ClientError[] | Promise<ClientError[]> {
    this.#isOpen = true;
    const faults: ClientError[] = [];
    const segment = scanSegment(this.#origin.bytes, this.#origin, undefined);
    const fetched = this.#read(segment, rules, faults);
    const offsets: number[] = [];
    const counts: number[] = [];
    const chosen = fetched.filter((record) => {
      const count = this.#acquired.take(record.offset);
      if (count === undefined) return false;
      offsets.push(this.#acquired.distance(record.offset));
      counts.push(count);
      return true;
    });
    const end = segment.nextOffset ?? this.#acquired.firstOffset;
    const rest = segment.fault === undefined ? acknowledgeCodes.release : acknowledgeCodes.reject;
    this.#others = this.#acquired.untaken(end, rest);
    if (segment.fault !== undefined) faults.push(segment.fault);
    if (decoder === undefined) return this.#keep(chosen, offsets, counts, faults);
    const decoded = chosen.map((record) => attempt(decoder, record));
    if (!decoded.some((record) => record instanceof Promise))
      return this.#keep(decoded as readonly (AnyRecord | ClientError)[], offsets, counts, faults);
    const soon = decoded.map(async (record) => await record);
    return Promise.all(soon).then((records) => this.#keep(records, offsets, counts, faults));
  }

  /** The next record. There must be one. */
  hand(): HeldRecord {
    return this.#records[this.#handed++]!;
  }

  /** All, while it is not settled. */
  get records(): readonly HeldRecord[] {
    return this.#records;
  }

  offsetOf(index: number): bigint {
    return this.#acquired.offsetAt(this.#offsets[index]!);
  }

  /** All that are left. */
  handAll(): readonly HeldRecord[] {
    const from = this.#handed;
    this.#handed = this.#records.length;
    return from === 0 ? this.#records : this.#records.slice(from);
  }

  /** A handler has it: it is not taken for done because the next one is asked for. */
  begin(index: number): void {
    if (this.#states[index] === held) this.#states[index] = atWork;
  }

  /** Whether it could be: a record that was sent cannot. `code` is what becomes of it. */
  mark(index: number, code: number): boolean {
    const state = this.#states[index];
    if (state === undefined || state === settled) return false;
    if (state === held || state === atWork) {
      this.#heldCount--;
      this.#markedCount++;
    }
    this.#states[index] = code;
    return true;
  }

  /** Marks it if nobody has. */
  markHeld(index: number, code: number): void {
    const state = this.#states[index];
    if (state === held || state === atWork) this.mark(index, code);
  }

  /** What was handed out, and is not with a handler, is done with. */
  acceptHanded(): void {
    if (this.#heldCount === 0) return;
    for (let index = 0; index < this.#handed; index++)
      if (this.#states[index] === held) this.mark(index, acknowledgeCodes.accept);
  }

  /** As `mark`, for whoever knows the offset; undefined when it is not from here. */
  markOffset(offset: bigint, code: number): boolean | undefined {
    if (!this.#acquired.covers(offset)) return undefined;
    const index = this.#indexOf(offset);
    if (index !== undefined) return this.mark(index, code);
    const at = this.#others.findIndex(({ firstOffset, lastOffset }) => firstOffset === offset && lastOffset === offset);
    if (at < 0) return false;
    this.#others[at] = { firstOffset: offset, lastOffset: offset, code };
    return true;
  }

  /** Somebody else is to get what is not acknowledged. */
  releaseAll(): void {
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#others = this.#acquired.whole(acknowledgeCodes.release);
    }
    for (let index = 0; index < this.#states.length; index++) this.markHeld(index, acknowledgeCodes.release);
    this.#handed = this.#records.length;
  }

  /** The broker holds nothing of it for us any more: no more of it is handed out. */
  lose(): void {
    if (!this.#isOpen) return this.drop();
    this.#isLost = true;
    for (let index = this.#handed; index < this.#states.length; index++)
      if (this.#states[index] === held) {
        this.#states[index] = settled;
        this.#heldCount--;
      }
  }

  /** Nothing of it will be sent. */
  drop(): void {
    this.#isOpen = true;
    this.#isLost = true;
    this.#others = [];
    this.#heldCount = 0;
    this.#markedCount = 0;
    this.#states.fill(settled);
    this.#records = [];
  }

  /** What is to be sent, by offset; it counts as sent now. Renewed records are held again. */
  take(): TypedRange[] {
    const ranges = this.#others;
    this.#others = [];
    const states = this.#states;
    const offsets = this.#offsets;
    for (let index = 0; index < states.length && this.#markedCount > 0; index++) {
      const code = states[index]!;
      if (code === held || code >= atWork) continue;
      let last = index;
      this.#sent(index, code);
      while (states[last + 1] === code && offsets[last + 1] === offsets[last]! + 1) this.#sent(++last, code);
      const firstOffset = this.#acquired.offsetAt(offsets[index]!);
      ranges.push({ firstOffset, lastOffset: this.#acquired.offsetAt(offsets[last]!), code });
      index = last;
    }
    if (this.isSettled) this.#records = this.left === 0 ? [] : this.#records;
    return ranges.sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  }

  #sent(index: number, code: number): void {
    this.#markedCount--;
    if (code === acknowledgeCodes.renew) this.#heldCount++;
    this.#states[index] = code === acknowledgeCodes.renew ? held : settled;
  }

  #read(segment: FetchedSegment, rules: ReadRules, faults: ClientError[]): FetchedRecord[] {
    const { topic, partition } = this;
    const out: FetchedRecord[] = [];
    let behind = this.#acquired.firstOffset;
    for (const at of segment.batches) {
      const before = out.length;
      const offsets = offsetsOf(segment.bytes, at, behind);
      behind = offsets.lastOffset + 1n;
      try {
        const batch = openBatch(topic, partition, segment.bytes, at, rules);
        batch.read(Number.POSITIVE_INFINITY, 0n, out);
      } catch (error) {
        out.length = before;
        this.#acquired.spoil({ ...offsets, code: acknowledgeCodes.reject });
        faults.push(error as ClientError);
      }
    }
    return out;
  }

  #keep(
    records: readonly (AnyRecord | ClientError)[],
    offsets: readonly number[],
    counts: readonly number[],
    faults: ClientError[],
  ): ClientError[] {
    const kept: number[] = [];
    for (const [at, record] of records.entries()) {
      if (record instanceof ClientError) {
        const offset = this.#acquired.offsetAt(offsets[at]!);
        this.#others.push({ firstOffset: offset, lastOffset: offset, code: acknowledgeCodes.release });
        faults.push(record);
        continue;
      }
      this.#records.push(new HeldRecord(record, counts[at]!, this, kept.length));
      kept.push(offsets[at]!);
    }
    this.#offsets = Float64Array.from(kept);
    this.#states = new Uint8Array(kept.length);
    this.#heldCount = kept.length;
    this.#origin.counted(kept.length);
    return faults;
  }

  #indexOf(offset: bigint): number | undefined {
    const distance = this.#acquired.distance(offset);
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsets[middle]! < distance) low = middle + 1;
      else high = middle;
    }
    return this.#offsets[low] === distance ? low : undefined;
  }
}

function attempt(
  decoder: RecordDecoder,
  record: FetchedRecord,
): AnyRecord | ClientError | Promise<AnyRecord | ClientError> {
  try {
    const decoded = decoder(record);
    if (!('then' in decoded)) return decoded;
    return Promise.resolve(decoded).catch((error: unknown) => unreadable(record, error));
  } catch (error) {
    return unreadable(record, error);
  }
}

function unreadable({ topic, partition, offset }: FetchedRecord, error: unknown): ClientError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const text = `The record at ${topic}-${partition}, offset ${offset}, cannot be read: ${reason} It is released; in explicit mode acknowledge({ topic, partition, offset }, 'reject') takes it away from the group.`;
  return new ClientError('SERIALIZATION', text, { cause });
}

/** The offsets of a batch. A message of an old format tells its last one, so it is blamed for all `behind` those before it. */
function offsetsOf(bytes: Buffer, at: number, behind: bigint): { firstOffset: bigint; lastOffset: bigint } {
  const offset = bytes.readBigInt64BE(at);
  if (header.magic(bytes, at) < 2) return { firstOffset: behind < offset ? behind : offset, lastOffset: offset };
  return { firstOffset: offset, lastOffset: offset + BigInt(header.lastOffsetDelta(bytes, at)) };
}
