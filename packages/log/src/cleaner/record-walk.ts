/**
 * Goes over uncompressed records one by one without making anything of them: where a record begins and ends, its key, whether it has a
 * value. One object for a whole log, because this is done for every record twice.
 */
import { MillraceError } from '@millrace/base';

export class RecordWalk {
  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;
  /** Where the number being read goes on. */
  #next = 0;
  /** The current record begins here, with its length. */
  at = 0;
  /** Behind the length: the record's attributes. */
  bodyAt = 0;
  /** The timestamp delta, and what follows it: both are copied as they are. */
  timestampAt = 0;
  offsetDeltaAt = 0;
  offsetDelta = 0;
  keyAt = 0;
  /** -1: no key. */
  keyBytes = -1;
  hasValue = false;
  /** Behind the current record. */
  end = 0;

  begin(bytes: Buffer, from: number, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.end = from;
  }

  /** False behind the last record. Throws MillraceError CORRUPT when a record is not whole. */
  next(): boolean {
    if (this.end === this.#end) return false;
    this.at = this.#next = this.end;
    const bodyBytes = this.#number();
    this.bodyAt = this.#next;
    this.end = this.bodyAt + bodyBytes;
    if (bodyBytes < 0 || this.end > this.#end) throw damaged();
    this.timestampAt = this.bodyAt + 1;
    this.#next = this.timestampAt;
    while (this.#bytes[this.#next]! >= 0x80) this.#next++;
    this.offsetDeltaAt = ++this.#next;
    this.offsetDelta = this.#number();
    this.keyBytes = this.#number();
    this.keyAt = this.#next;
    if (this.keyBytes > 0) this.#next += this.keyBytes;
    this.hasValue = (this.#bytes[this.#next]! & 1) === 0;
    if (this.#next >= this.end) throw damaged();
    return true;
  }

  /** The timestamp delta of the current record; beyond 2^53 the nearest double. */
  timestampDelta(): number {
    let value = 0;
    let weight = 1;
    for (let at = this.timestampAt; at < this.offsetDeltaAt; at++) {
      value += (this.#bytes[at]! & 0x7f) * weight;
      weight *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A zigzag number of 32 bits. */
  #number(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#next++]!;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) throw damaged();
      byte = bytes[this.#next++]!;
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }
}

function damaged(): MillraceError {
  return new MillraceError('CORRUPT', 'a record of the batch is damaged');
}
