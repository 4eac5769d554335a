/** The topic that keeps a coordinator's state: appends that share the write and the sync of everything else in their turn. */
import type { Host } from '@millrace/base';
import { batchHeader, errors, isKafkaError, splitBatches } from '@millrace/protocol';

import type { Log } from '@millrace/log';

import type { AppendRound } from './append-round.ts';
import type { StateLog } from './coordinator/runtime.ts';
import { isFault } from './metadata/controller.ts';
import type { MetadataImage } from './metadata/image.ts';
import type { Partitions } from './partitions.ts';
import type { Topics } from './topics.ts';

const readBytes = 1 << 20;

export interface StateTopicOptions {
  readonly host: Pick<Host, 'log'>;
  readonly image: MetadataImage;
  readonly partitions: Partitions;
  readonly topics: Topics;
  readonly round: AppendRound;
}

export class StateTopic implements StateLog {
  readonly name: string;
  readonly #image: MetadataImage;
  readonly #partitions: Partitions;
  readonly #topics: Topics;
  readonly #round: AppendRound;
  readonly #log: Host['log'];
  #making: Promise<boolean> | undefined = undefined;
  #hasWarned = false;

  constructor(name: string, options: StateTopicOptions) {
    this.name = name;
    this.#log = options.host.log;
    this.#image = options.image;
    this.#partitions = options.partitions;
    this.#topics = options.topics;
    this.#round = options.round;
  }

  /** Who asks while it is made waits with who asked first. */
  async ensure(): Promise<boolean> {
    this.#making ??= this.#make();
    return await this.#making;
  }

  async #make(): Promise<boolean> {
    try {
      return !isFault(await this.#topics.createAutomatically(this.name));
    } finally {
      this.#making = undefined;
    }
  }

  partitionCount(): number {
    // Its partitions open one after the other.
    if (this.#making !== undefined) return 0;
    return this.#image.topic(this.name)?.partitions.length ?? 0;
  }

  /** Of the coordinator, as other partitions know it. */
  epochOf(index: number): number {
    return this.#partitions.byName(this.name, index)?.leaderEpoch ?? 0;
  }

  isEmpty(index: number): boolean {
    const log = this.#partitions.byName(this.name, index)?.log;
    return log === undefined || log.startOffset === log.endOffset;
  }

  read(index: number): Iterable<Buffer> | undefined {
    const partition = this.#partitions.byName(this.name, index);
    // After a failed sync the file may hold what the disk does not: nobody may be told of it.
    if (partition === undefined || partition.directory.failure !== undefined) return undefined;
    return readWhole(partition.log);
  }

  append(
    index: number,
    batch: Buffer,
    transactionVersion = 0,
  ): { readonly baseOffset: number } | { readonly errorCode: number } {
    const partition = this.#partitions.byName(this.name, index);
    if (partition === undefined) return { errorCode: errors.NOT_COORDINATOR };
    const minInSync = this.#partitions.minInSync(partition);
    if (minInSync > 1) {
      this.#warn(minInSync);
      return { errorCode: errors.NOT_ENOUGH_REPLICAS };
    }
    const entry: { errorCode: number; baseOffset: number } = { errorCode: errors.NONE, baseOffset: -1 };
    try {
      const appended = batchHeader.isControl(batch, 0)
        ? partition.appendMarker(batch, transactionVersion)
        : partition.append(batch, { origin: 'coordinator' });
      entry.baseOffset = appended.baseOffset;
    } catch (error) {
      if (!isKafkaError(error)) throw error;
      return { errorCode: error.code };
    }
    partition.unwritten.push(entry);
    this.#round.add(partition);
    this.#round.writeOut();
    return entry.errorCode === errors.NONE ? { baseOffset: entry.baseOffset } : { errorCode: entry.errorCode };
  }

  /** Once: clients ask again and again, and are only told that there is no coordinator. */
  #warn(minInSync: number): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(
      { topic: this.name, minInSync },
      `${this.name} asks for ${minInSync} replicas in sync and has one, so its coordinator can write nothing. Set min.insync.replicas=1 of the topic (kafka-configs), and transaction.state.log.min.isr=1 before it is made.`,
    );
  }

  afterSync(waiter: { durable(failed: boolean): void }): void {
    this.#round.afterSync(waiter);
    this.#round.writeSoon();
  }
}

function* readWhole(log: Log): Generator<Buffer> {
  for (let at = log.startOffset; at < log.endOffset;) {
    const read = log.read(at, { bytesMax: readBytes, minOneBatch: true, upTo: log.endOffset });
    const buffer = Buffer.allocUnsafe(read.bytes);
    const bytes = buffer.subarray(0, read.fillSync(buffer));
    const last = splitBatches(bytes).spans.at(-1);
    if (last === undefined) return;
    yield bytes;
    at = batchHeader.lastOffset(bytes, last.at) + 1;
  }
}
