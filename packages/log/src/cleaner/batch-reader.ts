/** Whole batches of a segment, a buffer full at a time. In: a position. Out: how many bytes of whole batches lie in `bytes`. */
import { type DiskFile, MillraceError } from '@millrace/base';
import { checksumOf, batchHeader as header } from '@millrace/protocol';

import { headerProblem } from '../batch-scan.ts';

export class BatchReader {
  readonly #bufferBytes: number;
  bytes: Buffer;

  constructor(bufferBytes: number) {
    this.#bufferBytes = Math.max(bufferBytes, header.batchHeaderBytes);
    this.bytes = Buffer.allocUnsafeSlow(this.#bufferBytes);
  }

  /** Throws MillraceError CORRUPT at what is not a batch. */
  read(file: DiskFile, position: number, size: number): number {
    const left = size - position;
    let filled = file.readSync(this.bytes.subarray(0, Math.min(this.bytes.length, left)), position);
    let whole = this.#whole(file, position, filled, left);
    if (whole === 0) {
      // The first batch is larger than the buffer; its length was compared with what is left of the file.
      this.bytes = Buffer.allocUnsafeSlow(header.batchBytes(this.bytes, 0));
      filled = file.readSync(this.bytes, position);
      whole = this.#whole(file, position, filled, left);
      if (whole === 0) throw damaged(file, position, `${left} bytes are less than a batch`);
    } else if (this.bytes.length > this.#bufferBytes && whole <= this.#bufferBytes) {
      this.bytes = Buffer.from(this.bytes.subarray(0, this.#bufferBytes));
      whole = this.#whole(file, position, Math.min(filled, this.#bufferBytes), left);
    }
    return whole;
  }

  #whole(file: DiskFile, position: number, filled: number, left: number): number {
    let at = 0;
    while (at + header.batchHeaderBytes <= filled) {
      const problem = headerProblem(this.bytes, at, left - at);
      if (problem !== undefined) throw damaged(file, position + at, problem);
      const bytes = header.batchBytes(this.bytes, at);
      if (at + bytes > filled) return at;
      at += bytes;
    }
    if (at === 0 && filled < header.batchHeaderBytes)
      throw damaged(file, position, `${filled} bytes are less than a header`);
    return at;
  }
}

/** Nothing is decided, and nothing sealed with a new checksum, from bytes that are not what was written. */
export function checkBatch(file: DiskFile, bytes: Buffer, at: number, position: number): void {
  if (checksumOf(bytes, at, header.batchBytes(bytes, at)) === header.checksum(bytes, at)) return;
  throw damaged(file, position, 'its checksum is wrong');
}

function damaged(file: DiskFile, position: number, problem: string): MillraceError {
  return new MillraceError('CORRUPT', `${file.path}: the batch at ${position} is damaged: ${problem}`);
}
