import { batchHeader as header } from '@millrace/protocol';

/** What a log remembers of one idempotent or transactional producer: enough to know a batch that comes twice, or too early. */
export interface BatchNote {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly lastOffset: number;
  readonly offsetDelta: number;
  readonly timestampMs: number;
}

/** Sequence numbers end here and go on with 0. */
const sequenceMax = 0x7fff_ffff;
/** Five requests may be in flight at once; each of them may come again. */
const batchesKept = 5;

export class ProducerEntry {
  readonly producerId: number;
  epoch = -1;
  coordinatorEpoch = -1;
  lastTimestampMs = -1;
  /** Where its open transaction begins, -1 when there is none. */
  transactionFirstOffset = -1;
  batches: BatchNote[] = [];
  /** Batches of its epoch that begin below this offset were forgotten: the entry comes from a snapshot. */
  forgottenBefore: number | undefined;

  constructor(producerId: number) {
    this.producerId = producerId;
  }

  /** -1 when the producer has not written anything in its epoch. */
  get lastSequence(): number {
    return this.batches.at(-1)?.lastSequence ?? -1;
  }

  copy(): ProducerEntry {
    const copy = new ProducerEntry(this.producerId);
    copy.epoch = this.epoch;
    copy.coordinatorEpoch = this.coordinatorEpoch;
    copy.lastTimestampMs = this.lastTimestampMs;
    copy.transactionFirstOffset = this.transactionFirstOffset;
    copy.batches = this.batches.slice();
    copy.forgottenBefore = this.forgottenBefore;
    return copy;
  }

  /** The batch of these sequences, if it is among the last ones. */
  duplicateOf(epoch: number, firstSequence: number, lastSequence: number): BatchNote | undefined {
    if (epoch !== this.epoch) return undefined;
    return this.batches.find((note) => note.firstSequence === firstSequence && note.lastSequence === lastSequence);
  }

  /** Not all of the last batches are known yet. */
  hasRoomFor(more: readonly BatchNote[]): boolean {
    return this.batches.length + more.length < batchesKept;
  }

  /** What was forgotten, oldest first. */
  recall(notes: readonly BatchNote[]): void {
    this.batches = [...notes, ...this.batches].slice(-batchesKept);
    this.forgottenBefore = undefined;
  }

  note(epoch: number, note: BatchNote): void {
    this.changeEpoch(epoch);
    if (this.batches.length === batchesKept) {
      this.batches.shift();
      this.forgottenBefore = undefined;
    }
    this.batches.push(note);
    this.lastTimestampMs = note.timestampMs;
  }

  changeEpoch(epoch: number): void {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.batches = [];
    this.forgottenBefore = undefined;
  }
}

/** Of a batch of records that has its offsets. */
export function noteOf(bytes: Buffer, at: number): BatchNote {
  const firstSequence = header.baseSequence(bytes, at);
  const offsetDelta = header.lastOffsetDelta(bytes, at);
  return {
    firstSequence,
    lastSequence: sequenceAfter(firstSequence, offsetDelta),
    lastOffset: header.baseOffset(bytes, at) + offsetDelta,
    offsetDelta,
    timestampMs: header.maxTimestamp(bytes, at),
  };
}

export function sequenceAfter(sequence: number, count: number): number {
  return sequence > sequenceMax - count ? count - (sequenceMax - sequence) - 1 : sequence + count;
}

export function sequenceBefore(sequence: number, count: number): number {
  return sequence < count ? sequenceMax - (count - sequence) + 1 : sequence - count;
}

export function follows(sequence: number, lastSequence: number): boolean {
  return sequence === lastSequence + 1 || (sequence === 0 && lastSequence === sequenceMax);
}
