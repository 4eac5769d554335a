/** Walks the batches of a file with bounded reads. In: a file and where to begin. Out: each batch's header, and where it ends badly. */
import type { DiskFile } from '@millrace/base';
import { checksumOf, batchHeader as header } from '@millrace/protocol';

/** Whole batches are read in pieces of this size; a larger batch gets a buffer of its own. */
const wholeChunkBytes = 1 << 20;
/** Where only headers count, small batches are read many at a time, and of large ones only the beginning. */
const headerChunkBytes = 16 << 10;
const largeBatchBytes = 2 << 10;
const beginBytes = 128;
/** What the length field may be at least: the rest of the header. */
const lengthMin = header.batchHeaderBytes - header.batchPrefixBytes;

export interface Scan {
  readonly file: DiskFile;
  readonly from: number;
  /** Where the file, or what is to be believed of it, ends. */
  readonly until: number;
  /** Reads all bytes and compares checksums; else headers only. */
  readonly whole: boolean;
  /** The batch is at `at` in `bytes` (with `whole`, all of it), at `position` in the file. False ends the scan before it. */
  readonly visit: (bytes: Buffer, at: number, position: number) => boolean;
}

export interface ScanEnd {
  /** Behind the last good batch, or where `visit` ended it. */
  readonly position: number;
  /** Why what follows is not a batch; undefined at the end. */
  readonly problem: string | undefined;
}

/** One for all: scans are synchronous and do not nest. */
let chunk = Buffer.alloc(0);

export function scanBatches({ file, from, until, whole, visit }: Scan): ScanEnd {
  let chunkBytes = whole ? wholeChunkBytes : headerChunkBytes;
  let buffer = takeChunk(Math.min(chunkBytes, until - from));
  let [position, start, filled] = [from, from, 0];
  while (position < until) {
    const missing = position - start + header.batchHeaderBytes - filled;
    if (missing > 0) {
      start = position;
      filled = file.readSync(buffer.subarray(0, Math.min(chunkBytes, until - start)), start);
      if (filled < header.batchHeaderBytes)
        return { position, problem: `${until - position} bytes are less than a header` };
    }
    const at = position - start;
    const bytes = header.batchBytes(buffer, at);
    const problem = headerProblem(buffer, at, until - position);
    if (problem !== undefined) return { position, problem };
    if (whole) {
      if (at + bytes > filled) {
        if (bytes > buffer.length) buffer = takeChunk(bytes);
        start = position;
        filled = file.readSync(buffer.subarray(0, Math.min(Math.max(chunkBytes, bytes), until - start)), start);
        if (filled < bytes) return { position, problem: 'the file ends inside of the batch' };
      }
      const begin = position - start;
      if (checksumOf(buffer, begin, bytes) !== header.checksum(buffer, begin))
        return { position, problem: 'its checksum is wrong' };
    }
    if (!visit(buffer, position - start, position)) return { position, problem: undefined };
    position += bytes;
    if (!whole) chunkBytes = bytes >= largeBatchBytes ? beginBytes : headerChunkBytes;
  }
  return { position, problem: undefined };
}

/** What a header says that cannot be, undefined when it is plausible. `room` is what is left of the file. */
export function headerProblem(bytes: Buffer, at: number, room: number): string | undefined {
  const length = bytes.readInt32BE(at + 8);
  if (length < lengthMin) return `its length is ${length}`;
  if (header.magic(bytes, at) !== 2) return `its format version is ${header.magic(bytes, at)}`;
  if (length + header.batchPrefixBytes > room)
    return `it is ${length + header.batchPrefixBytes} bytes long, ${room} are left`;
  if (header.lastOffsetDelta(bytes, at) < 0) return `its last offset delta is ${header.lastOffsetDelta(bytes, at)}`;
  return undefined;
}

function takeChunk(bytes: number): Buffer {
  if (bytes > wholeChunkBytes) return Buffer.allocUnsafeSlow(bytes);
  if (chunk.length < bytes) chunk = Buffer.allocUnsafeSlow(bytes);
  return chunk;
}
