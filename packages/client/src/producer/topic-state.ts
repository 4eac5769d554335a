/** What a producer keeps of a topic that it writes to. */
import type { TopicMetadata } from '../cluster/topic-metadata.ts';
import type { ClientError } from '../error.ts';
import type { Serde } from '../serdes/serde.ts';
import { PartitionQueue } from './partition-queue.ts';
import { StickyPartition } from './sticky-partition.ts';

export class TopicState {
  readonly name: string;
  readonly keySerde: Serde<unknown> | undefined;
  readonly valueSerde: Serde<unknown> | undefined;
  readonly sticky = new StickyPartition();
  /** Undefined while it is not known. */
  metadata: TopicMetadata | undefined;
  /** Records of the topic wait, so that later ones have to wait behind them. */
  isWaiting = false;
  /** By index, made when they are first written to. */
  readonly queues: (PartitionQueue | undefined)[] = [];
  /** Bytes after compression in one byte before, as lately seen. */
  compressionRatio = 1;
  /** When the cluster's metadata was last told that the topic is of interest (by `clock.monotonic`). */
  wantedAtMs = Number.NEGATIVE_INFINITY;
  /** Why the topic was not found, and when. */
  fault: { readonly error: ClientError; readonly atMs: number } | undefined;

  constructor(name: string, keySerde: Serde<unknown> | undefined, valueSerde: Serde<unknown> | undefined) {
    this.name = name;
    this.keySerde = keySerde;
    this.valueSerde = valueSerde;
  }

  queue(index: number): PartitionQueue {
    return (this.queues[index] ??= new PartitionQueue(this, index));
  }

  /** Follows slowly downwards and fast upwards, so that batches rather stay small than become too large. */
  compressed(ratio: number): void {
    const last = this.compressionRatio;
    this.compressionRatio = ratio > last ? Math.max(last + 0.05, ratio) : Math.max(last - 0.05, ratio);
  }
}
