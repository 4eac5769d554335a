/**
 * One partition as the broker serves it. In: batches to append, offsets to read from. Out: calls on its log; fetches that waited
 * are woken when the high watermark moves.
 */
import { assert } from '@millrace/base';
import type { Appended, AppendOptions, Log, LogDirectory, LogRead } from '@millrace/log';
import { batchHeader, errors } from '@millrace/protocol';

import type { FetchWait } from './fetch-wait.ts';

/** Who may be told about an append: the entry of the answer that stands for this partition. */
export interface AppendEntry {
  errorCode: number;
  baseOffset: number;
}

export class Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  log: Log;
  directory: LogDirectory;
  readonly waits = new Set<FetchWait>();
  /** Appended since the last write: told when the write fails. */
  readonly unwritten: AppendEntry[] = [];
  /** Appended and not yet written. */
  isDirty = false;
  leaderEpoch: number;
  #highWatermark: number;
  /** Transactions that have ended, whose markers are not below the high watermark: readers of committed records stop before them. */
  #ended: { readonly firstOffset: number; readonly markerOffset: number }[] = [];
  #isClosed = false;

  constructor(
    topic: { readonly name: string; readonly id: string },
    index: number,
    log: Log,
    leaderEpoch: number,
    directory: LogDirectory,
  ) {
    this.topic = topic.name;
    this.topicId = topic.id;
    this.index = index;
    this.log = log;
    this.directory = directory;
    this.leaderEpoch = leaderEpoch;
    this.#highWatermark = log.endOffset;
    if (log.latestEpoch === undefined || log.latestEpoch < leaderEpoch) log.assignEpoch(leaderEpoch, log.endOffset);
  }

  /** Readers see what lies below: in `sync` durability what was synced, in `os` durability what was written. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** Exclusive: the first offset of the oldest transaction whose end readers cannot see yet, or the high watermark. */
  get lastStableOffset(): number {
    let offset = Math.min(this.log.lastStableOffset, this.#highWatermark);
    for (const { firstOffset } of this.#ended) offset = Math.min(offset, firstOffset);
    return offset;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  append(records: Buffer, options: Omit<AppendOptions, 'leaderEpoch'>): Appended {
    return this.log.append(records, { ...options, leaderEpoch: this.leaderEpoch });
  }

  /** The end of a transaction. */
  appendMarker(marker: Buffer, transactionVersion: number): Appended {
    const firstOffset = this.log.producer(batchHeader.producerId(marker, 0))?.transactionFirstOffset ?? -1;
    const appended = this.append(marker, { origin: 'coordinator', transactionVersion });
    if (firstOffset >= 0) this.#ended.push({ firstOffset, markerOffset: appended.baseOffset });
    return appended;
  }

  /** This producer's transaction has records here: it is known to its coordinator. */
  hasOpenTransaction(producerId: number, producerEpoch: number): boolean {
    const producer = this.log.producer(producerId);
    return producer !== undefined && producer.transactionFirstOffset >= 0 && producer.epoch === producerEpoch;
  }

  /** The log goes on in another directory, as it was. */
  moveTo(log: Log, directory: LogDirectory): void {
    assert(log.endOffset === this.log.endOffset, 'a copy takes the place of a log when it is whole');
    this.log = log;
    this.directory = directory;
  }

  /** A plan to read whole batches from `offset` on, below `upTo`. */
  read(offset: number, bytesMax: number, minOneBatch: boolean, upTo: number): LogRead {
    return this.log.read(offset, { bytesMax, minOneBatch, upTo });
  }

  advanceHighWatermark(offset: number): void {
    if (offset <= this.#highWatermark) return;
    assert(offset <= this.log.endOffset, 'the high watermark never passes the end of the log');
    if (this.waits.size === 0) return this.#raise(offset);
    const [before, decidedBefore] = [this.#highWatermark, this.lastStableOffset];
    this.#raise(offset);
    this.#wake(before, decidedBefore);
  }

  #raise(highWatermark: number): void {
    this.#highWatermark = highWatermark;
    if (this.#ended.length > 0) this.#ended = this.#ended.filter(({ markerOffset }) => markerOffset >= highWatermark);
  }

  #wake(before: number, decidedBefore: number): void {
    const { log, lastStableOffset } = this;
    const bytes = log.bytesBetween(before, this.#highWatermark);
    const isAllDecided = decidedBefore === before && lastStableOffset === this.#highWatermark;
    const decidedBytes = isAllDecided ? bytes : log.bytesBetween(decidedBefore, lastStableOffset);
    for (const wait of this.waits) wait.readable(bytes, decidedBytes);
  }

  /** Something changed that every waiting fetch must be told of: deleted, moved, truncated. */
  wakeAll(): void {
    for (const wait of this.waits) wait.finish(false);
  }

  /** The error that a client's idea of the leader epoch earns, or NONE (KIP-320). */
  checkLeaderEpoch(clientEpoch: number): number {
    if (clientEpoch < 0 || clientEpoch === this.leaderEpoch) return errors.NONE;
    return clientEpoch < this.leaderEpoch ? errors.FENCED_LEADER_EPOCH : errors.UNKNOWN_LEADER_EPOCH;
  }

  close(): void {
    this.#isClosed = true;
    this.wakeAll();
  }
}
