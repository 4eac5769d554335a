/**
 * The one log of metadata records, in a partition folder of its own. In: records that the controller decided. Out: they are appended,
 * replayed into the image at once, and on disk when the promise settles. At start the newest snapshot is replayed, then the log
 * behind it; a snapshot keeps the log short.
 */
import { type Host, MillraceError, readSmallFile, replaceSmallFile } from '@millrace/base';
import { defaultLogConfig, type Log, type LogDirectory } from '@millrace/log';
import { decodeBatch, encodeBatch, splitBatches } from '@millrace/protocol';

import type { MetadataImage } from './image.ts';
import { decodeMetadataRecord, encodeMetadataRecord, type MetadataRecord } from './record.ts';

/** Not Kafka's `__cluster_metadata`: a directory that Kafka wrote keeps its own untouched. */
const topic = '__millrace_metadata';
const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
const epoch = 1;
const recordsPerSnapshot = 20_000;
const batchRecordsMax = 1000;
const recordBytesMax = 64 << 20;
const snapshotSuffix = '.checkpoint';

export interface MetadataLogOptions {
  readonly host: Host;
  readonly directory: LogDirectory;
  readonly nodeId: number;
  readonly image: MetadataImage;
  readonly onChange: (record: MetadataRecord) => void;
  /** After how many records a snapshot is made. */
  readonly recordsPerSnapshot?: number;
}

export class MetadataLog {
  readonly epoch = epoch;
  /** Nothing was ever written: a new directory, or one that Kafka wrote. */
  readonly isNew: boolean;
  readonly #host: Host;
  readonly #nodeId: number;
  readonly #directory: LogDirectory;
  readonly #image: MetadataImage;
  readonly #log: Log;
  readonly #onChange: (record: MetadataRecord) => void;
  readonly #recordsPerSnapshot: number;
  /** Commits that are on disk, and the milliseconds they took together. */
  commitCount = 0;
  commitMs = 0;
  #recordsSinceSnapshot = 0;
  #failure: MillraceError | undefined;

  /** `onChange` is told of every record that is committed later, after its replay. */
  constructor(options: MetadataLogOptions) {
    const { host, directory, image, onChange } = options;
    this.#host = host;
    this.#nodeId = options.nodeId;
    this.#directory = directory;
    this.#image = image;
    this.#onChange = onChange;
    this.#recordsPerSnapshot = options.recordsPerSnapshot ?? recordsPerSnapshot;
    this.#log = directory.openLog(topic, 0, topicId, {
      ...defaultLogConfig,
      segmentBytes: 64 << 20,
      retentionMs: -1,
      isDeleted: false,
    });
    const snapshotEnd = this.#loadSnapshot();
    // A crash may have left less of the log than the snapshot knows. Nothing may be written again at an offset that it stands for.
    if (this.#log.endOffset < snapshotEnd) this.#log.truncateFullyAndStartAt(snapshotEnd);
    this.#replayFrom(Math.max(snapshotEnd, this.#log.startOffset));
    this.isNew = this.#log.endOffset === 0 && snapshotEnd === 0;
  }

  /** The directory that the log was begun in keeps it. */
  static isIn(directory: LogDirectory): boolean {
    return directory.holds(topic, 0);
  }

  static isMetadataTopic(name: string): boolean {
    return name === topic;
  }

  get endOffset(): number {
    return this.#log.endOffset;
  }

  /** Replays at once; the promise settles when the records are on disk. Throws `MillraceError` STORAGE when they cannot be. */
  async commit(records: readonly MetadataRecord[]): Promise<void> {
    if (records.length === 0) return;
    if (this.#failure !== undefined) throw this.#failure;
    const startedAtMs = this.#host.clock.monotonic();
    for (let from = 0; from < records.length; from += batchRecordsMax)
      this.#append(records.slice(from, from + batchRecordsMax));
    for (const record of records) {
      this.#image.replay(record);
      this.#onChange(record);
    }
    this.#recordsSinceSnapshot += records.length;
    await this.#synced();
    this.commitCount++;
    this.commitMs += this.#host.clock.monotonic() - startedAtMs;
    if (this.#recordsSinceSnapshot >= this.#recordsPerSnapshot) this.snapshot();
  }

  /** Writes the image to a file of its own and lets go of the log before it. */
  snapshot(): void {
    const end = this.#log.endOffset;
    const nowMs = this.#host.clock.now();
    const chunks: Uint8Array[] = [];
    let pending: MetadataRecord[] = [];
    let offset = 0;
    const put = (): void => {
      if (pending.length === 0) return;
      chunks.push(batchOf(pending, this.#nodeId, nowMs, offset));
      offset += pending.length;
      pending = [];
    };
    for (const record of this.#image.records()) {
      pending.push(record);
      if (pending.length === batchRecordsMax) put();
    }
    put();
    replaceSmallFile(this.#host.disk, `${this.#log.folder}/${snapshotName(end)}`, Buffer.concat(chunks));
    this.#recordsSinceSnapshot = 0;
    this.#log.deleteRecordsBefore(end);
    this.#directory.checkpoint();
    this.#log.deleteOldSegments(nowMs, end);
    for (const name of this.#snapshots()) {
      if (name !== snapshotName(end)) this.#host.disk.remove(`${this.#log.folder}/${name}`);
    }
  }

  #append(records: readonly MetadataRecord[]): void {
    try {
      this.#log.append(batchOf(records, this.#nodeId, this.#host.clock.now(), 0), {
        leaderEpoch: epoch,
        origin: 'coordinator',
      });
      this.#log.writeOut();
    } catch (error) {
      throw new MillraceError(
        'STORAGE',
        'The metadata log cannot be written: free some space on its disk, or see the error above it.',
        { cause: error },
      );
    }
  }

  async #synced(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#directory.afterSync({
        synced: (error) => {
          if (error === undefined) return resolve();
          this.#failure = new MillraceError(
            'STORAGE',
            'The metadata log could not be synced; its directory is offline.',
            { cause: error },
          );
          reject(this.#failure);
        },
      });
    });
  }

  /** Gives the offset that the snapshot stands for, 0 without one. */
  #loadSnapshot(): number {
    const newest = this.#snapshots().at(-1);
    if (newest === undefined) return 0;
    const path = `${this.#log.folder}/${newest}`;
    const bytes = readSmallFile(this.#host.disk, path);
    if (bytes === undefined) return 0;
    try {
      this.#replayBatches(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0);
    } catch (error) {
      throw new MillraceError(
        'CORRUPT',
        `The metadata snapshot ${path} is damaged: restore it, or remove the data directory to begin anew.`,
        { cause: error },
      );
    }
    return Number(newest.slice(0, 20));
  }

  #snapshots(): string[] {
    return this.#host.disk
      .list(this.#log.folder)
      .filter((name) => name.endsWith(snapshotSuffix))
      .sort();
  }

  #replayFrom(offset: number): void {
    const { endOffset } = this.#log;
    for (let at = offset; at < endOffset;) {
      const read = this.#log.read(at, { bytesMax: 1 << 20, minOneBatch: true, upTo: endOffset });
      const buffer = Buffer.allocUnsafe(read.bytes);
      const bytes = buffer.subarray(0, read.fillSync(buffer));
      const from = at;
      try {
        at = this.#replayBatches(bytes, from);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new MillraceError(
          'CORRUPT',
          `${this.#log.folder} cannot be read on from record ${from}: ${reason}. If a newer version of Millrace wrote it, start that one; nothing was changed.`,
          { cause: error },
        );
      }
      this.#recordsSinceSnapshot += at - from;
    }
  }

  /** Gives the offset behind the last record. */
  #replayBatches(bytes: Buffer, from: number): number {
    let next = from;
    for (const { at } of splitBatches(bytes).spans) {
      for (const record of decodeBatch(bytes, at, recordBytesMax)) {
        if (record.offset < from || record.value === null) continue;
        this.#image.replay(decodeMetadataRecord(record.value));
        next = record.offset + 1;
      }
    }
    return next;
  }
}

function batchOf(records: readonly MetadataRecord[], nodeId: number, nowMs: number, baseOffset: number): Buffer {
  return encodeBatch(
    records.map((record) => ({ value: encodeMetadataRecord(record, nodeId), timestamp: nowMs })),
    { baseOffset, leaderEpoch: epoch },
  );
}

function snapshotName(endOffset: number): string {
  return `${String(endOffset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}${snapshotSuffix}`;
}
