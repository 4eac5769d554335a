/**
 * The gate in front of the log. In: what a producer sent for one partition, still in the socket's buffer. Out: either what the
 * log must know to append it, or the error that Kafka's broker would give, with the records at fault by index.
 * Nothing is changed here; `stamp-batch.ts` makes the changes that the verdict asks for.
 */
import { CompressionError } from '../compression/compression-error.ts';
import { checksumOf } from '../crc32c.ts';
import { batchFault, type BatchFault } from './batch-fault.ts';
import * as header from './batch-header.ts';
import { recordsOf } from './decode-batch.ts';
import { recordFaults } from './record-faults.ts';
import { batchBytesAt } from './split-batches.ts';
import { walkRecords, type Walk } from './walk-records.ts';

/** What a partition demands; the log makes one object when its settings change and lends it to every check. */
export interface BatchRules {
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  readonly isCompacted: boolean;
  /** max.message.bytes: of the batch as it came, compressed. */
  readonly messageBytesMax: number;
  /** What the records of a compressed batch may grow to while they are checked. */
  readonly recordBytesMax: number;
}

export interface BatchSource {
  readonly origin: 'client' | 'coordinator';
  /** Version of the produce request; the newest when left out. */
  readonly produceVersion?: number;
}

/** A batch that may be appended. */
export interface ValidBatch {
  readonly error: undefined;
  /** Length of the batch: bytes behind it are the beginning of another that never came, and are dropped. */
  readonly bytes: number;
  readonly recordCount: number;
  /** Of its records. Where it differs from the header, or the log stamps its own time, the header must be stamped. */
  readonly maxTimestamp: number;
  /** The first record that has it, counted from the base offset. */
  readonly offsetDeltaOfMaxTimestamp: number;
  readonly mustStampMaxTimestamp: boolean;
  /** Of a topic with its producers' time, where nobody may say that the log set it: as in Kafka the claim is taken back. */
  readonly claimsLogAppendTime: boolean;
  readonly compressionId: number;
  /** The records in the clear, for a topic that compresses in its own way. They share the batch's memory when it is not compressed. */
  readonly records: Buffer;
}

export type BatchVerdict = ValidBatch | BatchFault;

export function validateBatch(bytes: Buffer, rules: BatchRules, nowMs: number, source: BatchSource): BatchVerdict {
  const length = soleBatchBytes(bytes);
  if (typeof length !== 'number') return length;
  const fault = formatFault(bytes, source) ?? sizeFault(bytes, length, rules) ?? headerFault(bytes, source);
  if (fault !== undefined) return fault;
  const records = readRecords(bytes, rules);
  if (!Buffer.isBuffer(records)) return records;
  const recordCount = header.recordCount(bytes, 0);
  const walk = walkRecords(records, 0, records.length, recordCount, header.compressionId(bytes, 0) !== 0);
  if (walk.fault !== 'none') return walkFault(walk, recordCount);
  return ruleFault(bytes, records, rules, nowMs, walk) ?? valid(bytes, length, records, walk);
}

/** Produce requests of version 3 and later hold exactly one batch per partition. */
function soleBatchBytes(bytes: Buffer): number | BatchFault {
  if (bytes.length >= 17 && header.magic(bytes, 0) !== 2 && header.batchBytes(bytes, 0) >= oldFormatBytesMin)
    return oldFormat(bytes);
  const length = batchBytesAt(bytes, 0);
  if (length === 'truncated') return batchFault('INVALID_RECORD', 'There is no whole record batch in the request.');
  if (length === 'corrupt')
    return batchFault('CORRUPT_MESSAGE', 'The length of the record batch is smaller than its header.');
  const second = batchBytesAt(bytes, length);
  if (second === 'truncated') return length;
  if (second === 'corrupt')
    return batchFault('CORRUPT_MESSAGE', 'There are bytes behind the record batch that are none.');
  return batchFault('INVALID_RECORD', 'There must be one record batch for each partition in a request, not several.');
}

/** What formats 0 and 1 put around an empty message. */
const oldFormatBytesMin = 26;

function oldFormat(bytes: Buffer): BatchFault {
  const magic = header.magic(bytes, 0);
  if (magic < 0 || magic > 2) return batchFault('CORRUPT_MESSAGE', `There is no record format ${magic}.`);
  return batchFault(
    'INVALID_RECORD',
    `Record format ${magic} is no longer written: use a client that speaks format 2 (Kafka 0.11 or later).`,
  );
}

const zstdId = 4;
const firstVersionWithZstd = 7;

function formatFault(bytes: Buffer, source: BatchSource): BatchFault | undefined {
  if (
    header.compressionId(bytes, 0) === zstdId &&
    (source.produceVersion ?? firstVersionWithZstd) < firstVersionWithZstd
  ) {
    return batchFault('UNSUPPORTED_COMPRESSION_TYPE', `zstd needs produce version ${firstVersionWithZstd} or later.`);
  }
  if (source.origin === 'client' && header.baseOffset(bytes, 0) !== 0) {
    return batchFault(
      'INVALID_RECORD',
      `The base offset of a record batch must be 0 when it is produced, not ${header.baseOffset(bytes, 0)}.`,
    );
  }
  return undefined;
}

function sizeFault(bytes: Buffer, length: number, rules: BatchRules): BatchFault | undefined {
  if (length > rules.messageBytesMax) {
    return batchFault(
      'MESSAGE_TOO_LARGE',
      `The record batch has ${length} bytes; the topic takes ${rules.messageBytesMax} (max.message.bytes).`,
    );
  }
  const stored = header.checksum(bytes, 0);
  const computed = checksumOf(bytes, 0, length);
  if (stored === computed) return undefined;
  return batchFault(
    'CORRUPT_MESSAGE',
    `The checksum of the record batch is ${stored}, and its bytes have ${computed}.`,
  );
}

function headerFault(bytes: Buffer, source: BatchSource): BatchFault | undefined {
  const count = header.recordCount(bytes, 0);
  if (count < 0) return batchFault('INVALID_RECORD', `A record batch cannot have ${count} records.`);
  if (source.origin !== 'client') return undefined;
  const lastDelta = header.lastOffsetDelta(bytes, 0);
  if (count === 0 || lastDelta !== count - 1) {
    return batchFault(
      'INVALID_RECORD',
      `The record batch claims ${count} records, and the last stands at offset ${lastDelta}.`,
    );
  }
  if (header.isControl(bytes, 0)) return batchFault('INVALID_RECORD', 'Clients may not write control records.');
  // Two that differ would be one here.
  if (header.producerId(bytes, 0) > Number.MAX_SAFE_INTEGER) {
    return batchFault('INVALID_RECORD', `No broker gave out the producer id ${header.producerId(bytes, 0)}.`);
  }
  if (header.producerId(bytes, 0) >= 0 && header.baseSequence(bytes, 0) < 0) {
    return batchFault(
      'INVALID_RECORD',
      `The record batch has a producer id and the sequence number ${header.baseSequence(bytes, 0)}.`,
    );
  }
  return undefined;
}

function readRecords(bytes: Buffer, rules: BatchRules): Buffer | BatchFault {
  try {
    return recordsOf(bytes, 0, rules.recordBytesMax);
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    return batchFault(compressionErrors[error.fault], error.message);
  }
}

/** Kafka has no better word for what does not decompress; of a bomb it finds that the zeros in it are no records. */
const compressionErrors = {
  unsupported: 'UNKNOWN_SERVER_ERROR',
  'too-large': 'INVALID_RECORD',
  corrupt: 'UNKNOWN_SERVER_ERROR',
} as const;

function walkFault(walk: Walk, recordCount: number): BatchFault {
  if (walk.fault === 'bytes-left') {
    return batchFault('INVALID_RECORD', `There are bytes left behind the ${recordCount} records of the batch.`);
  }
  const error = walk.fault === 'offset-delta' ? 'UNKNOWN_SERVER_ERROR' : 'INVALID_RECORD';
  return batchFault(error, `Record ${walk.index} of the batch is damaged (${walk.fault}).`);
}

/** What the topic's settings say about keys and timestamps; which records break them is found out only when one does. */
function ruleFault(
  bytes: Buffer,
  records: Buffer,
  rules: BatchRules,
  nowMs: number,
  walk: Walk,
): BatchFault | undefined {
  const base = header.baseTimestamp(bytes, 0);
  const earliest = nowMs - distance(rules.timestampBeforeMaxMs);
  const latest = nowMs + distance(rules.timestampAfterMaxMs);
  const checksTime = rules.timestampType === 'CreateTime';
  const isSuspect =
    (rules.isCompacted && walk.nullKeys > 0) ||
    (checksTime
      ? base + walk.timestampDeltaMin < earliest || base + walk.timestampDeltaMax > latest
      : header.isLogAppendTime(bytes, 0));
  return isSuspect ? recordFaults(bytes, records, { ...rules, earliest, latest }) : undefined;
}

/** Settings end at 2^53: who sets that, or Kafka's largest, means all that 64 bits count. */
function distance(timestampMaxMs: number): number {
  return timestampMaxMs >= Number.MAX_SAFE_INTEGER ? 2 ** 63 : timestampMaxMs;
}

function valid(bytes: Buffer, length: number, records: Buffer, walk: Walk): ValidBatch {
  const maxTimestamp = walk.indexOfMax < 0 ? -1 : header.baseTimestamp(bytes, 0) + walk.timestampDeltaMax;
  return {
    error: undefined,
    bytes: length,
    recordCount: header.recordCount(bytes, 0),
    maxTimestamp,
    offsetDeltaOfMaxTimestamp: walk.indexOfMax,
    // Beyond 2^53 the sum is not exact, and what the producer wrote is the better truth.
    mustStampMaxTimestamp: maxTimestamp !== header.maxTimestamp(bytes, 0) && Number.isSafeInteger(maxTimestamp),
    claimsLogAppendTime: header.isLogAppendTime(bytes, 0),
    compressionId: header.compressionId(bytes, 0),
    records,
  };
}
