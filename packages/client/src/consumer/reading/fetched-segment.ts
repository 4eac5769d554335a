/**
 * What one answer brought of one partition. In: its bytes. Out: where the batches in it lie that are to be read, and where the next fetch
 * goes on; a message of the formats before batches counts as one. Only headers are looked at here, so that the next request can leave before anything is unpacked.
 */
import { batchHeader as header, messageHeader } from '@millrace/protocol';

import { ClientError } from '../../error.ts';

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: bigint;
}

export interface FetchedSegment {
  readonly bytes: Buffer;
  /** Where each batch begins that has records for the reader. */
  readonly batches: readonly number[];
  /** Of the batches that are whole. */
  readonly wholeBytes: number;
  /** Behind the last whole batch; undefined when there is none. */
  readonly nextOffset: bigint | undefined;
  /** Of the last whole batch. */
  readonly leaderEpoch: number;
  /** What makes reading on behind those batches impossible. */
  readonly fault: ClientError | undefined;
}

export interface SegmentOrigin {
  readonly topic: string;
  readonly partition: number;
  readonly broker: string;
}

const magicAt = 16;

/** `aborted` are the transactions to leave out, for a reader of committed records. */
export function scanSegment(
  bytes: Buffer,
  origin: SegmentOrigin,
  aborted: readonly AbortedTransaction[] | undefined,
): FetchedSegment {
  const batches: number[] = [];
  const filter = aborted === undefined || aborted.length === 0 ? undefined : new AbortedFilter(aborted);
  let nextOffset: bigint | undefined;
  let leaderEpoch = -1;
  let fault: ClientError | undefined;
  let at = 0;
  while (bytes.length - at >= messageHeader.messageBytesMin) {
    const batchBytes = header.batchBytes(bytes, at);
    const magic = bytes[at + magicAt]!;
    if (magic > 2 || batchBytes < (magic === 2 ? header.batchHeaderBytes : messageHeader.bytesMinOf(magic))) {
      fault = magic > 2 ? unknownFormat(origin, magic) : damaged(origin, `a batch of ${batchBytes} bytes`);
      break;
    }
    // The last one may have been cut off; it comes again.
    if (batchBytes > bytes.length - at) break;
    if (magic < 2) {
      const lastOffset = messageHeader.offset(bytes, at);
      if (lastOffset < 0n) {
        fault = damaged(origin, `a message at offset ${lastOffset}`);
        break;
      }
      nextOffset = lastOffset + 1n;
      leaderEpoch = -1;
      batches.push(at);
      at += batchBytes;
      continue;
    }
    const baseOffset = bytes.readBigInt64BE(at);
    const lastDelta = header.lastOffsetDelta(bytes, at);
    if (baseOffset < 0n || lastDelta < 0) {
      fault = damaged(
        origin,
        `a batch that begins at offset ${baseOffset} and has ${lastDelta} as its last difference`,
      );
      break;
    }
    nextOffset = baseOffset + BigInt(lastDelta) + 1n;
    leaderEpoch = header.leaderEpoch(bytes, at);
    const isHidden = filter?.hides(bytes, at, nextOffset - 1n) === true;
    if (!isHidden && !header.isControl(bytes, at)) batches.push(at);
    at += batchBytes;
  }
  return { bytes, batches, wholeBytes: at, nextOffset, leaderEpoch, fault };
}

/** Transactions that were aborted, as the log is read: one is hidden from its first offset until its end marker. */
class AbortedFilter {
  /** By first offset. */
  readonly #coming: readonly AbortedTransaction[];
  readonly #open = new Set<number>();
  #index = 0;

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#coming = aborted.toSorted((a, b) =>
      a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0,
    );
  }

  hides(bytes: Buffer, at: number, lastOffset: bigint): boolean {
    while (this.#index < this.#coming.length && this.#coming[this.#index]!.firstOffset <= lastOffset)
      this.#open.add(this.#coming[this.#index++]!.producerId);
    const producerId = header.producerId(bytes, at);
    if (header.isControl(bytes, at)) {
      if (isAbortMarker(bytes, at)) this.#open.delete(producerId);
      return true;
    }
    return header.isTransactional(bytes, at) && this.#open.has(producerId);
  }
}

/** The key of the only record says so: a version, then 0. Its place is fixed but for a length and three small numbers in front of it. */
function isAbortMarker(bytes: Buffer, at: number): boolean {
  const end = at + header.batchBytes(bytes, at);
  let p = at + header.batchHeaderBytes;
  const skip = (): void => {
    while (p < end && bytes[p]! >= 0x80) p++;
    p++;
  };
  skip();
  p++;
  skip();
  skip();
  skip();
  return p + 4 <= end && bytes.readInt16BE(p + 2) === 0;
}

function damaged({ topic, partition, broker }: SegmentOrigin, what: string): ClientError {
  return new ClientError('BROKEN_ANSWER', `${broker} sent, of ${topic}-${partition}, ${what}.`, { broker });
}

function unknownFormat({ topic, partition, broker }: SegmentOrigin, magic: number): ClientError {
  const text = `${broker} sent, of ${topic}-${partition}, records in message format ${magic}; formats 0 to 2 are known here. Seek behind them.`;
  return new ClientError('UNSUPPORTED', text, { broker });
}
