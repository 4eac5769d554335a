/**
 * A message of the formats before batches (magic 0 and 1) that is being read: one record, or a wrapper of many. In: its place in an answer.
 * Out: its records, some at a time, as those of a batch.
 */
import { isMillraceError } from '@millrace/base';
import { CompressionError, messageHeader as header, MessageSet, type MessageSetRules } from '@millrace/protocol';

import { ClientError } from '../../error.ts';
import { FetchedRecord, type RecordSource } from './fetched-record.ts';
import { type ReadRules, recordBytesMax } from './wire-batch.ts';

export class MessageBatch implements RecordSource {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
  /** That of its last message: offsets are counted back from there. */
  readonly baseOffset: bigint;
  readonly baseTimestamp = 0;
  readonly logAppendTime: number;
  readonly leaderEpoch = -1;
  readonly magic: number;
  readonly nextOffset: bigint;
  readonly #messages: MessageSet;

  /** Throws `ClientError` CORRUPT_MESSAGE, or UNSUPPORTED_COMPRESSION_TYPE. */
  constructor(topic: string, partition: number, bytes: Buffer, at: number, rules: ReadRules) {
    this.topic = topic;
    this.partition = partition;
    this.baseOffset = header.offset(bytes, at);
    this.nextOffset = this.baseOffset + 1n;
    this.magic = header.magic(bytes, at);
    this.logAppendTime = header.isLogAppendTime(bytes, at) ? header.timestamp(bytes, at) : Number.NaN;
    const { checksAreCompared } = rules;
    const isCopied = rules.isCopied && header.compressionId(bytes, at) === 0;
    const own = isCopied ? Buffer.from(bytes.subarray(at, at + header.messageBytes(bytes, at))) : bytes;
    this.#messages = this.#opened(own, isCopied ? 0 : at, { checksAreCompared, recordBytesMax });
    this.bytes = this.#messages.bytes;
  }

  get isRead(): boolean {
    return this.#messages.isRead;
  }

  /** How much memory its records take. */
  get recordBytes(): number {
    return this.#messages.leftBytes;
  }

  /** Puts the next `count` records into `out`, without those before `fromOffset`. Throws `ClientError` CORRUPT_MESSAGE. */
  read(count: number, fromOffset: bigint, out: FetchedRecord[]): void {
    try {
      for (let left = count; left > 0 && !this.#messages.isRead; left--) {
        const { offset, timestamp, keyAt, keyBytes, valueAt, valueBytes } = this.#messages.next();
        if (offset < fromOffset) continue;
        const delta = Number(offset - this.baseOffset);
        out.push(new FetchedRecord(this, delta, timestamp, keyAt, keyBytes, valueAt, valueBytes));
      }
    } catch (error) {
      throw this.#fault(error);
    }
  }

  #opened(bytes: Buffer, at: number, rules: MessageSetRules): MessageSet {
    try {
      return new MessageSet(bytes, at, rules);
    } catch (error) {
      throw this.#fault(error);
    }
  }

  #fault(error: unknown): unknown {
    if (!(error instanceof CompressionError) && !isMillraceError(error)) return error;
    const place = `${this.topic}-${this.partition}`;
    if (error instanceof CompressionError && error.fault === 'unsupported') {
      const text = `The messages up to offset ${this.baseOffset} of ${place} are compressed in a way that is not known here.`;
      return new ClientError('UNSUPPORTED_COMPRESSION_TYPE', text, { cause: error });
    }
    const text = `The messages up to offset ${this.baseOffset} of ${place} cannot be read: ${error.message} Seek to ${this.nextOffset} to leave them out.`;
    return new ClientError('CORRUPT_MESSAGE', text, { retriable: false, cause: error });
  }
}
