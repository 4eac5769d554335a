/**
 * Records out of an answer to Fetch. In: the bytes of one partition. Out: messages as handlers get them, plain objects with texts for
 * numbers, and how far the bytes go. Records of aborted transactions and control records are left out.
 */
import { batchHeader as header, checksumOf, codecs, decodeBatch, type RecordHeader } from '@millrace/protocol';

import { KafkaJSNonRetriableError, KafkaJSNotImplemented, KafkaJSUnsupportedMagicByteInMessageSet } from '../errors.ts';
import type { KafkaMessage } from '../types/consumer.ts';
import type { IHeaders } from '../types/producer.ts';

export interface Messages {
  readonly messages: KafkaMessage[];
  /** Behind the last whole batch; undefined when there is none. */
  readonly nextOffset: bigint | undefined;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: bigint;
}

const magicAt = 16;
const recordBytesMax = 128 << 20;

/** `aborted` is null for readers of everything. */
export function messagesOf(
  bytes: Buffer,
  fetchOffset: bigint,
  aborted: readonly AbortedTransaction[] | null,
): Messages {
  const coming = (aborted ?? []).toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const open = new Set<number>();
  const messages: KafkaMessage[] = [];
  let nextOffset: bigint | undefined;
  let at = 0;
  while (bytes.length - at >= header.batchHeaderBytes) {
    const length = header.batchBytes(bytes, at);
    if (bytes[at + magicAt] !== 2)
      throw new KafkaJSUnsupportedMagicByteInMessageSet('Records in the format of Kafka before 0.11 are not read.');
    // The last one may be cut off; it comes again.
    if (length > bytes.length - at) break;
    const baseOffset = bytes.readBigInt64BE(at);
    nextOffset = baseOffset + BigInt(header.lastOffsetDelta(bytes, at)) + 1n;
    while (coming.length > 0 && coming[0]!.firstOffset < nextOffset) open.add(coming.shift()!.producerId);
    if (header.isControl(bytes, at)) open.delete(header.producerId(bytes, at));
    else if (!(header.isTransactional(bytes, at) && open.has(header.producerId(bytes, at))))
      readBatch(bytes, at, length, baseOffset, fetchOffset, messages);
    at += length;
  }
  return { messages, nextOffset };
}

function readBatch(
  bytes: Buffer,
  at: number,
  length: number,
  baseOffset: bigint,
  fetchOffset: bigint,
  messages: KafkaMessage[],
): void {
  if (checksumOf(bytes, at, length) !== header.checksum(bytes, at))
    throw new KafkaJSNonRetriableError(`The batch at offset ${baseOffset} is damaged: its checksum is wrong.`);
  const missing = codecs[header.compressionId(bytes, at)]?.missing;
  if (missing !== undefined) throw new KafkaJSNotImplemented(missing);
  const batchContext = contextOf(bytes, at, baseOffset);
  // From here on offsets are counted from 0, so that they are exact however large they are; the checksum does not cover this part.
  bytes.writeBigInt64BE(0n, at);
  const isExact = baseOffset > BigInt(Number.MAX_SAFE_INTEGER - 0x8000_0000);
  const base = Number(baseOffset);
  const fromDelta = Number(fetchOffset - baseOffset);
  for (const record of decodeBatch(bytes, at, recordBytesMax)) {
    const { offset: delta } = record;
    if (delta < fromDelta) continue;
    messages.push({
      magicByte: 2,
      attributes: 0,
      timestamp: `${record.timestamp}`,
      offset: isExact ? `${baseOffset + BigInt(delta)}` : `${base + delta}`,
      key: record.key,
      value: record.value,
      headers: headersOf(record.headers),
      isControlRecord: false,
      batchContext,
    } as KafkaMessage);
  }
}

function contextOf(bytes: Buffer, at: number, baseOffset: bigint): object {
  return {
    firstOffset: String(baseOffset),
    firstTimestamp: String(header.baseTimestamp(bytes, at)),
    partitionLeaderEpoch: header.leaderEpoch(bytes, at),
    inTransaction: header.isTransactional(bytes, at),
    isControlBatch: false,
    lastOffsetDelta: header.lastOffsetDelta(bytes, at),
    producerId: String(header.producerId(bytes, at)),
    producerEpoch: header.producerEpoch(bytes, at),
    firstSequence: header.baseSequence(bytes, at),
    maxTimestamp: String(header.maxTimestamp(bytes, at)),
    timestampType: header.isLogAppendTime(bytes, at) ? 1 : 0,
    magicByte: 2,
  };
}

/** A name that comes more than once has a list. */
function headersOf(given: readonly RecordHeader[]): IHeaders {
  const headers: IHeaders = {};
  for (const { key, value } of given) {
    const text = value as Buffer;
    if (key === '__proto__') Object.defineProperty(headers, key, { value: text, enumerable: true, configurable: true });
    else if (!Object.hasOwn(headers, key)) headers[key] = text;
    else {
      const before = headers[key];
      headers[key] = Array.isArray(before) ? [...before, text] : [before as Buffer, text];
    }
  }
  return headers;
}
