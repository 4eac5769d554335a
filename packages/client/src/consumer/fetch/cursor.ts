/**
 * One assigned partition: where reading stands, and what is kept ahead of it. In: what answers brought of it. Out: slices of records.
 *
 * Three places in the log matter. `fetchOffset` is where the next answer begins; `position` is the next record that a reader gets;
 * `processed` is the first that a reader has not finished with, which is what may be committed. Between the first two lies what is buffered.
 */
import type { ClientError } from '../../error.ts';
import { partitionKey, type TopicPartition } from '../../record.ts';
import type { FetchedRecord } from '../reading/fetched-record.ts';
import type { FetchedSegment } from '../reading/fetched-segment.ts';
import { type AnyRecord, HandedSlice } from '../reading/handed-slice.ts';
import { type FetchedBatch, openBatch } from '../reading/open-batch.ts';
import type { ReadRules } from '../reading/wire-batch.ts';

/**
 * new: nothing says yet where to begin. reset: by time or policy, which has to be asked for. unchecked: the offset is known, and whether
 * the leader still has what was read before it has to be asked. ready: may be fetched.
 */
export type CursorState = 'new' | 'reset' | 'unchecked' | 'ready';

/** Makes what the user sees of a record. Throws, or rejects with, `ClientError` SERIALIZATION. */
export type RecordDecoder = (record: FetchedRecord) => AnyRecord | PromiseLike<AnyRecord>;

export interface SliceLimits extends ReadRules {
  readonly recordsMax: number;
  /** Not far beyond this, once decompressed. */
  readonly bytesMax: number;
}

/** What a cursor tells of itself; both are cheap and may come often. */
export interface CursorListener {
  /** There may be something to take, or a fault to hear of. */
  readable(cursor: Cursor): void;
  /** `bytes` more, or fewer, are buffered. */
  buffered(cursor: Cursor, bytes: number): void;
  /** It may be fetched again, or from elsewhere. */
  changed(cursor: Cursor): void;
}

export class Cursor implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  state: CursorState = 'new';
  isPaused = false;
  /** No more is handed out: it is about to belong to somebody else. */
  isHeld = false;
  /** It belongs to nobody here any more. */
  isGone = false;
  fetchOffset = -1n;
  /** Of the last batch that was fetched or committed; -1 when it is not known. */
  fetchedEpoch = -1;
  /** Of the leader that it is fetched from; -1 when it is not known. */
  leaderEpoch = -1;
  /** A nearer replica that the leader named (KIP-392). */
  preferredReplica: { readonly id: number; readonly untilMs: number } | undefined;
  /** By the host's monotonic clock. */
  notBeforeMs = 0;
  /** Where a reset leads; by the policy when it is undefined. */
  resetTimestamp: number | undefined;
  highWatermark = -1n;
  /** Where a reader comes to the end: the high watermark, or the last stable offset for one of committed records; -1 when not known. */
  readableEnd = -1n;
  logStartOffset = -1n;
  bufferedBytes = 0;
  /** Records that were handed out, and bytes that were read to the end. */
  recordCount = 0;
  byteCount = 0;
  /** Answers in a row that brought bytes, and no whole batch. */
  fruitless = 0;
  /** Counts jumps, so that an answer to a question from before one can be told. */
  epoch = 0;
  decoder: RecordDecoder | undefined;
  committed: bigint | undefined;
  readonly #listener: CursorListener;
  #segments: FetchedSegment[] = [];
  #batchIndex = 0;
  #batch: FetchedBatch | undefined;
  #fault: ClientError | undefined;
  #faultMayPass = false;
  #position: bigint | undefined;
  /** Of what was handed out. */
  #positionEpoch = -1;
  #handed: HandedSlice | undefined;
  #returned: HandedSlice | undefined;
  #isBusy = false;
  #released: PromiseWithResolvers<void> | undefined;

  constructor({ topic, partition }: TopicPartition, listener: CursorListener) {
    this.topic = topic;
    this.partition = partition;
    this.key = partitionKey(topic, partition);
    this.#listener = listener;
  }

  /** Undefined while it has to be found out. */
  get position(): bigint | undefined {
    return this.#handed?.position ?? this.#returned?.position ?? this.#position;
  }

  /** Undefined while it has to be found out. */
  get processed(): bigint | undefined {
    return this.#handed?.processed ?? this.#returned?.processed ?? this.#position;
  }

  /** Of the record before `position`, -1 when it is not known. */
  get positionEpoch(): number {
    const slice = this.#handed ?? this.#returned;
    return slice?.epochBefore(slice.index) ?? this.#positionEpoch;
  }

  /** Of the record before `processed`, -1 when it is not known. */
  get processedEpoch(): number {
    const slice = this.#handed ?? this.#returned;
    return slice?.epochBefore(slice.done) ?? this.#positionEpoch;
  }

  /** A reader has records of it in hand. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  get fault(): ClientError | undefined {
    return this.#fault;
  }

  get isReadable(): boolean {
    if (this.isPaused || this.isHeld || this.isGone || this.#isBusy) return false;
    return this.#returned !== undefined || this.#segments.length > 0 || this.#fault !== undefined;
  }

  get isFetchable(): boolean {
    return this.state === 'ready' && !this.isPaused && !this.isHeld && !this.isGone && this.#fault === undefined;
  }

  /** Goes on at `offset`; what is buffered and in hand is dropped. */
  jump(offset: bigint, leaderEpoch = -1): void {
    this.#drop();
    this.epoch++;
    this.#position = offset;
    this.#positionEpoch = leaderEpoch;
    this.fetchOffset = offset;
    this.fetchedEpoch = leaderEpoch;
    this.state = leaderEpoch < 0 ? 'ready' : 'unchecked';
    this.preferredReplica = undefined;
    this.notBeforeMs = 0;
    this.#listener.changed(this);
  }

  /** Where to go on has to be asked for: the offset of a time (-1 the end, -2 the beginning), or what the policy says. */
  reset(timestamp?: number): void {
    this.#drop();
    this.epoch++;
    this.#position = undefined;
    this.fetchOffset = -1n;
    this.resetTimestamp = timestamp;
    this.state = 'reset';
    this.preferredReplica = undefined;
    this.notBeforeMs = 0;
    this.#listener.changed(this);
  }

  /** Whether the leader still has what was read is to be asked before any more is. */
  doubt(): void {
    if (this.state !== 'ready' || this.fetchedEpoch < 0) return;
    this.epoch++;
    this.state = 'unchecked';
  }

  /** The leader has it. */
  trust(): void {
    this.state = 'ready';
    this.#listener.changed(this);
  }

  /** Fetches what is buffered anew, from where the reader stands. */
  rewind(): void {
    const { position: offset, positionEpoch } = this;
    if (offset === undefined) return;
    this.stop();
    this.#handed = undefined;
    this.#returned = undefined;
    this.#dropBuffer();
    this.epoch++;
    this.#position = offset;
    this.#positionEpoch = positionEpoch;
    this.fetchOffset = offset;
    this.fetchedEpoch = positionEpoch;
    this.trust();
  }

  /** What is buffered may still be taken; then `take` throws it, again and again until a jump, or once when it may pass. */
  fail(error: ClientError, mayPass = false): void {
    this.#fault ??= error;
    this.#faultMayPass = mayPass;
    this.#listener.readable(this);
  }

  /** Something came; `fetchOffset` moves behind it. */
  put(segment: FetchedSegment): void {
    const { nextOffset } = segment;
    if (nextOffset !== undefined && nextOffset > this.fetchOffset) {
      this.fetchOffset = nextOffset;
      this.fetchedEpoch = segment.leaderEpoch;
    }
    this.#segments.push(segment);
    this.#count(segment.wholeBytes);
    this.#listener.readable(this);
  }

  /**
   * The next records, to be given back by `release`; undefined when there are none at present. Throws `ClientError` what stands in the way
   * of the next one.
   */
  take(limits: SliceLimits): HandedSlice | undefined {
    const slice = this.#returned ?? this.#nextSlice(limits);
    if (slice !== undefined) {
      if (slice !== this.#returned) this.recordCount += slice.records.length;
      this.#returned = undefined;
      this.#handed = slice;
      this.#isBusy = true;
      return slice;
    }
    const fault = this.#fault;
    if (fault === undefined) return undefined;
    if (this.#faultMayPass) {
      this.#fault = undefined;
      this.#listener.changed(this);
    }
    throw fault;
  }

  /** Settles when the records of a slice are decoded; those from the first that cannot be are not in it any more. */
  async decoded(slice: HandedSlice): Promise<void> {
    const { pending = [] } = slice;
    slice.pending = undefined;
    for (const settled of await Promise.allSettled(pending).then((all) => all.entries())) {
      const [index, outcome] = settled;
      if (outcome.status === 'fulfilled') slice.records[index] = outcome.value;
      else return this.#handed === slice ? this.#cut(slice, index, outcome.reason) : slice.cut(index);
    }
  }

  /** The reader is done with what it had in hand, or gives the rest of it back. */
  release(slice: HandedSlice): void {
    this.#isBusy = false;
    // It may have jumped meanwhile.
    if (this.#handed === slice) {
      this.#handed = undefined;
      if (slice.done < slice.records.length) {
        slice.end = slice.records.length;
        this.#returned = slice;
      } else this.#positionEpoch = slice.leaderEpoch;
    }
    this.#released?.resolve();
    this.#released = undefined;
    if (this.isReadable) this.#listener.readable(this);
  }

  /** It was committed up to here: what was given out before that is processed, whatever its reader does. */
  commitTo(offset: bigint): void {
    this.committed = offset;
    const slice = this.#handed ?? this.#returned;
    if (slice === undefined) return;
    while (slice.done < slice.index && slice.processed < offset) slice.done++;
  }

  /** Settles when no reader has records of it in hand. */
  async quiet(): Promise<void> {
    while (this.#isBusy) await (this.#released ??= Promise.withResolvers()).promise;
  }

  /** No more of what is in hand is given, and it comes back when the reader asks for the next record. */
  stop(): void {
    if (this.#handed !== undefined) this.#handed.end = this.#handed.index;
  }

  /** It belongs to nobody here any more. */
  end(): void {
    this.isGone = true;
    this.epoch++;
    this.stop();
    this.#dropBuffer();
  }

  #nextSlice(limits: SliceLimits): HandedSlice | undefined {
    for (;;) {
      const segment = this.#segments[0];
      if (segment === undefined) return undefined;
      const slice = this.#slice(segment, limits);
      if (slice !== undefined) return slice;
    }
  }

  #slice(segment: FetchedSegment, limits: SliceLimits): HandedSlice | undefined {
    const out: FetchedRecord[] = [];
    let bytes = 0;
    let nextOffset = this.#position!;
    let leaderEpoch = this.#positionEpoch;
    try {
      while (out.length < limits.recordsMax && bytes < limits.bytesMax) {
        const batch = (this.#batch ??= this.#openBatch(segment, limits));
        if (batch === undefined) break;
        bytes += batch.recordBytes;
        batch.read(limits.recordsMax - out.length, this.#position!, out);
        leaderEpoch = batch.leaderEpoch;
        if (!batch.isRead) break;
        nextOffset = batch.nextOffset;
        this.#batch = undefined;
      }
      if (this.#batch !== undefined) nextOffset = behind(out, nextOffset);
      else if (this.#batchIndex === segment.batches.length) nextOffset = this.#finish(segment);
    } catch (error) {
      nextOffset = behind(out, nextOffset);
      this.#stick(error as ClientError);
    }
    const from = this.#position!;
    this.#position = nextOffset < from ? from : nextOffset;
    return out.length === 0 ? undefined : this.#decoded(out, leaderEpoch);
  }

  #openBatch(segment: FetchedSegment, rules: ReadRules): FetchedBatch | undefined {
    const at = segment.batches[this.#batchIndex];
    if (at === undefined) return undefined;
    this.#batchIndex++;
    return openBatch(this.topic, this.partition, segment.bytes, at, rules);
  }

  /** All of the first segment is read. Gives the offset behind it. */
  #finish(segment: FetchedSegment): bigint {
    this.#segments.shift();
    this.#batchIndex = 0;
    this.byteCount += segment.wholeBytes;
    this.#count(-segment.wholeBytes);
    if (segment.fault !== undefined) this.#fault ??= segment.fault;
    return segment.nextOffset ?? this.#position!;
  }

  /** A record that cannot be decoded ends the slice: it is the next position then, and `take` throws. */
  #decoded(records: FetchedRecord[], leaderEpoch: number): HandedSlice | undefined {
    const { decoder } = this;
    if (decoder === undefined) return new HandedSlice(records, this.#position!, leaderEpoch);
    const slice = new HandedSlice([...records], this.#position!, leaderEpoch);
    const soon: (AnyRecord | PromiseLike<AnyRecord>)[] = [];
    try {
      for (const record of records) soon.push(decoder(record));
    } catch (error) {
      this.#cut(slice, soon.length, error);
    }
    if (soon.some((record) => 'then' in record)) slice.pending = soon.map(async (record) => await record);
    else for (let index = 0; index < soon.length; index++) slice.records[index] = soon[index] as AnyRecord;
    return soon.length === 0 ? undefined : slice;
  }

  #cut(slice: HandedSlice, index: number, error: unknown): void {
    slice.cut(index);
    this.#position = slice.nextOffset;
    this.#stick(error as ClientError);
  }

  /** Reading cannot go on behind what was read so far. */
  #stick(fault: ClientError): void {
    this.#dropBuffer();
    this.#fault = fault;
    this.#faultMayPass = false;
  }

  #drop(): void {
    this.#fault = undefined;
    this.#returned = undefined;
    this.stop();
    this.#handed = undefined;
    this.#dropBuffer();
  }

  #dropBuffer(): void {
    this.#segments = [];
    this.#batchIndex = 0;
    this.#batch = undefined;
    this.fruitless = 0;
    this.#count(-this.bufferedBytes);
  }

  #count(bytes: number): void {
    if (bytes === 0) return;
    this.bufferedBytes += bytes;
    this.#listener.buffered(this, bytes);
  }
}

const behind = (records: readonly FetchedRecord[], otherwise: bigint): bigint => {
  const last = records.at(-1);
  return last === undefined ? otherwise : last.offset + 1n;
};
