/**
 * What is appended is looked at here before anything of it is believed. In: the bytes of one partition as they came. Out: the bytes
 * to append, with everything in them but their offsets.
 */
import {
  type BatchRules,
  checksumOf,
  codecNamed,
  batchHeader as header,
  recompress,
  stampCreateTime,
  stampLogAppendTime,
  stampMaxTimestamp,
  validateBatch,
} from '@millrace/protocol';

import { AppendError } from './append-error.ts';
import { headerProblem } from './batch-scan.ts';
import type { LogConfig } from './log-config.ts';

/**
 * What compressed records may grow to while they are looked at: at least so much, and so many times the largest batch of the topic.
 * Clients limit a batch before they compress it, so only a bomb gets there.
 */
const recordBytesMin = 48 << 20;
const growthMax = 4;

export class AppendCheck {
  readonly #rules: BatchRules;
  readonly #isLogAppendTime: boolean;
  /** The codec that the topic insists on; undefined takes what comes. */
  readonly #codecId: number | undefined;
  readonly #compressionLevel: number | undefined;

  constructor(config: LogConfig) {
    this.#rules = { ...config, recordBytesMax: Math.max(recordBytesMin, growthMax * config.messageBytesMax) };
    this.#isLogAppendTime = config.timestampType === 'LogAppendTime';
    const { compression } = config;
    this.#codecId =
      compression === 'producer'
        ? undefined
        : (codecNamed(compression === 'uncompressed' ? 'none' : compression)?.id ?? 0);
    this.#compressionLevel = config.compressionLevel;
  }

  /** The one batch of a client or a coordinator. The same memory, unless the topic settles the compression and it differs. */
  batch(records: Buffer, nowMs: number, origin: 'client' | 'coordinator', produceVersion: number | undefined): Buffer {
    const verdict = validateBatch(
      records,
      this.#rules,
      nowMs,
      produceVersion === undefined ? { origin } : { origin, produceVersion },
    );
    if (verdict.error !== undefined) throw new AppendError(verdict.error, verdict.message, verdict.recordErrors);
    let batch = verdict.bytes === records.length ? records : records.subarray(0, verdict.bytes);
    if (this.#codecId !== undefined && this.#codecId !== verdict.compressionId) {
      batch = recompress(batch, 0, verdict.records, this.#codecId, this.#compressionLevel);
      const { messageBytesMax } = this.#rules;
      if (batch.length > messageBytesMax) {
        throw new AppendError(
          'MESSAGE_TOO_LARGE',
          `In the topic's compression the batch has ${batch.length} bytes, ${messageBytesMax} are allowed (max.message.bytes).`,
        );
      }
    }
    if (this.#isLogAppendTime) stampLogAppendTime(batch, 0, nowMs);
    else if (verdict.claimsLogAppendTime) stampCreateTime(batch, 0, verdict.maxTimestamp);
    else if (verdict.mustStampMaxTimestamp) stampMaxTimestamp(batch, 0, verdict.maxTimestamp);
    return batch;
  }
}

/** Batches that the leader has accepted: they only have to be whole, in order, and behind what is here. */
export function checkReplicated(records: Buffer, endOffset: number): void {
  let next = endOffset;
  for (let at = 0; at < records.length; at += header.batchBytes(records, at)) {
    const left = records.length - at;
    const problem =
      left < header.batchHeaderBytes ? `${left} bytes are less than a header` : headerProblem(records, at, left);
    if (problem !== undefined) throw new AppendError('CORRUPT_MESSAGE', `A replicated batch is damaged: ${problem}.`);
    if (checksumOf(records, at, header.batchBytes(records, at)) !== header.checksum(records, at)) {
      throw new AppendError('CORRUPT_MESSAGE', 'The checksum of a replicated batch is wrong.');
    }
    const baseOffset = header.baseOffset(records, at);
    if (baseOffset < next)
      throw new AppendError(
        'UNKNOWN_SERVER_ERROR',
        `A replicated batch begins at ${baseOffset}, the log goes on at ${next}.`,
      );
    next = header.lastOffset(records, at) + 1;
  }
}
