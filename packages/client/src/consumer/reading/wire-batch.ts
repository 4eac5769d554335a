/**
 * One batch that is being read. In: its place in an answer. Out: its records, some at a time. The checksum is compared and the records are
 * decompressed when the reader comes to it, not before.
 */
import { batchHeader as header, checksumOf, CompressionError, recordsOf } from '@millrace/protocol';

import { ClientError } from '../../error.ts';
import { type FetchedRecord, readRecords, RecordFault, type RecordSource } from './fetched-record.ts';

export interface ReadRules {
  readonly checksAreCompared: boolean;
  /** Whether records are copied out of the answer, batch by batch, so that keeping one does not keep all of it. */
  readonly isCopied: boolean;
}

/** More than any batch may be, and little enough for a bomb. */
export const recordBytesMax = 128 << 20;

export class WireBatch implements RecordSource {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
  readonly baseOffset: bigint;
  readonly baseTimestamp: number;
  readonly logAppendTime: number;
  readonly leaderEpoch: number;
  readonly magic = 2;
  readonly nextOffset: bigint;
  readonly #end: number;
  #at: number;
  #left: number;

  /** Throws `ClientError` CORRUPT_MESSAGE, or UNSUPPORTED_COMPRESSION_TYPE. */
  constructor(topic: string, partition: number, bytes: Buffer, at: number, rules: ReadRules) {
    this.topic = topic;
    this.partition = partition;
    this.baseOffset = bytes.readBigInt64BE(at);
    this.baseTimestamp = header.baseTimestamp(bytes, at);
    this.logAppendTime = header.isLogAppendTime(bytes, at) ? header.maxTimestamp(bytes, at) : Number.NaN;
    this.leaderEpoch = header.leaderEpoch(bytes, at);
    this.nextOffset = this.baseOffset + BigInt(header.lastOffsetDelta(bytes, at)) + 1n;
    const length = header.batchBytes(bytes, at);
    if (rules.checksAreCompared && checksumOf(bytes, at, length) !== header.checksum(bytes, at))
      throw this.#corrupt('its checksum is wrong');
    this.#left = header.recordCount(bytes, at);
    if (header.compressionId(bytes, at) !== 0) {
      this.bytes = this.#decompressed(bytes, at);
      this.#at = 0;
      this.#end = this.bytes.length;
    } else {
      const isCopied = rules.isCopied;
      this.bytes = isCopied ? Buffer.from(bytes.subarray(at, at + length)) : bytes;
      this.#at = (isCopied ? 0 : at) + header.batchHeaderBytes;
      this.#end = (isCopied ? 0 : at) + length;
    }
    if (this.#left < 0 || this.#left > this.#end - this.#at)
      throw this.#corrupt(`it cannot have ${this.#left} records`);
  }

  get isRead(): boolean {
    return this.#left === 0;
  }

  /** How much memory its records take. */
  get recordBytes(): number {
    return this.#end - this.#at;
  }

  /** Puts the next `count` records into `out`, without those before `fromOffset`. Throws `ClientError` CORRUPT_MESSAGE. */
  read(count: number, fromOffset: bigint, out: FetchedRecord[]): void {
    const fromDelta = fromOffset > this.baseOffset ? Number(fromOffset - this.baseOffset) : 0;
    const taken = Math.min(count, this.#left);
    try {
      this.#at = readRecords(this, this.#at, this.#end, taken, fromDelta, out);
    } catch (error) {
      if (!(error instanceof RecordFault)) throw error;
      throw this.#corrupt(error.message);
    }
    this.#left -= taken;
    if (this.#left === 0 && this.#at !== this.#end) throw this.#corrupt('there are bytes behind its last record');
  }

  #decompressed(bytes: Buffer, at: number): Buffer {
    try {
      return recordsOf(bytes, at, recordBytesMax);
    } catch (error) {
      if (!(error instanceof CompressionError)) throw error;
      if (error.fault !== 'unsupported') throw this.#corrupt(error.message, error);
      const text = `The batch at offset ${this.baseOffset} of ${this.topic}-${this.partition} cannot be decompressed: ${error.message}`;
      throw new ClientError('UNSUPPORTED_COMPRESSION_TYPE', text, { cause: error });
    }
  }

  #corrupt(what: string, cause?: unknown): ClientError {
    const text = `The batch at offset ${this.baseOffset} of ${this.topic}-${this.partition} is damaged: ${what}. Seek to ${this.nextOffset} to leave it out.`;
    return new ClientError('CORRUPT_MESSAGE', text, { retriable: false, cause });
  }
}
