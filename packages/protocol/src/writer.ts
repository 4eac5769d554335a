import { EncodeError } from './codec-error.ts';
import { int64Max } from './schema.ts';
import { textBytesMax } from './reader.ts';

/**
 * Messages on their way out. In: primitives, one after the other. Out: `take()`, the chunks written since the last `take`.
 *
 * Many messages share one buffer, and what was taken stays untouched: when the buffer is full, the unfinished rest
 * moves to a new one. Record batches are not copied but stand between the chunks as they are.
 */
export class Writer {
  bytes: Buffer = noBytes;
  view: DataView = noView;
  at = 0;
  /** Where the bytes begin that were not taken yet; marks count from here, so that they survive a move. */
  #start = 0;
  #slices: Uint8Array[] = [];
  #sliceMarks: number[] = [];
  #slicesLength = 0;

  /** Bytes since the last `take`. */
  get length(): number {
    return this.at - this.#start + this.#slicesLength;
  }

  take(): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let from = this.#start;
    for (let index = 0; index < this.#slices.length; index++) {
      const to = this.#start + this.#sliceMarks[index]!;
      if (to > from) chunks.push(this.bytes.subarray(from, to));
      chunks.push(this.#slices[index]!);
      from = to;
    }
    if (this.at > from) chunks.push(this.bytes.subarray(from, this.at));
    this.#start = this.at;
    this.#forgetSlices(0);
    this.#slicesLength = 0;
    if (this.bytes.length > keptBytesMax) this.#dropBuffer();
    return chunks;
  }

  mark(): Mark {
    return { bytes: this.at - this.#start, slices: this.#slices.length, slicesLength: this.#slicesLength };
  }

  /** Drops what was written since the mark. */
  rewind(mark: Mark): void {
    this.at = this.#start + mark.bytes;
    this.#forgetSlices(mark.slices);
    this.#slicesLength = mark.slicesLength;
  }

  /** Leaves room for a frame's length, which `endFrame` fills in. */
  beginFrame(): Mark {
    const mark = this.mark();
    this.reserve(4);
    return mark;
  }

  endFrame(mark: Mark): void {
    const written = this.at - this.#start - mark.bytes - 4;
    this.view.setInt32(this.#start + mark.bytes, written + this.#slicesLength - mark.slicesLength);
  }

  /** The place of the next `count` bytes. Fetch `view` after it: it may be another one. */
  reserve(count: number): number {
    if (count > this.bytes.length - this.at) this.#grow(count);
    const at = this.at;
    this.at = at + count;
    return at;
  }

  int64(at: number, value: number): void {
    if (value >= int64Max) {
      this.view.setInt32(at, 0x7fff_ffff);
      this.view.setInt32(at + 4, -1);
      return;
    }
    this.view.setInt32(at, Math.floor(value / 0x1_0000_0000));
    this.view.setInt32(at + 4, value);
  }

  uuid(at: number, value: string): void {
    if (value.length !== 22 || this.bytes.write(value, at, 16, 'base64url') !== 16) this.refuse();
  }

  int8(value: number): void {
    const at = this.reserve(1);
    this.view.setInt8(at, value);
  }

  int16(value: number): void {
    const at = this.reserve(2);
    this.view.setInt16(at, value);
  }

  int32(value: number): void {
    const at = this.reserve(4);
    this.view.setInt32(at, value);
  }

  unsignedVarint(value: number): void {
    if (value < 0x80) {
      this.int8(value);
      return;
    }
    let at = this.reserve(unsignedVarintBytes(value));
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.view.setUint8(at++, (rest & 0x7f) | 0x80);
    this.view.setUint8(at, rest);
  }

  /** Short plain texts are written letter by letter; anything else starts over. */
  text(value: string, isCompact: boolean): void {
    const { length } = value;
    if (length > shortTextMax) {
      this.#longText(value, isCompact);
      return;
    }
    const before = isCompact ? 1 : 2;
    const at = this.reserve(before + length) + before;
    const { view } = this;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) {
        this.at = at - before;
        this.#longText(value, isCompact);
        return;
      }
      view.setUint8(at + index, code);
    }
    if (isCompact) view.setUint8(at - 1, length + 1);
    else view.setInt16(at - 2, length);
  }

  blob(value: Uint8Array, isCompact: boolean): void {
    if (!(value instanceof Uint8Array)) this.refuse();
    if (isCompact) this.unsignedVarint(value.length + 1);
    else this.int32(value.length);
    this.#copy(value);
  }

  /** Large slices are noted, not copied; they must not change until the message is sent. */
  records(value: Uint8Array | readonly Uint8Array[], isCompact: boolean): void {
    let length = 0;
    if (value instanceof Uint8Array) length = value.length;
    else for (const slice of value) length += slice instanceof Uint8Array ? slice.length : this.refuse();
    if (isCompact) this.unsignedVarint(length + 1);
    else this.int32(length);
    if (value instanceof Uint8Array) this.#slice(value);
    else for (const slice of value) this.#slice(slice);
  }

  /** The head of a tag; `endTag` fills in the size. */
  beginTag(tag: number): number {
    this.unsignedVarint(tag);
    this.reserve(1);
    return this.at - this.#start;
  }

  endTag(mark: number): void {
    const size = this.at - this.#start - mark;
    const moved = unsignedVarintBytes(size) - 1;
    if (moved > 0) {
      this.reserve(moved);
      const from = this.#start + mark;
      this.bytes.copyWithin(from + moved, from, from + size);
    }
    const end = this.at;
    this.at = this.#start + mark - 1;
    this.unsignedVarint(size);
    this.at = end;
  }

  refuse(reason = 'a value that cannot be encoded'): never {
    throw new EncodeError(reason);
  }

  #longText(value: string, isCompact: boolean): void {
    const length = Buffer.byteLength(value);
    if (length > textBytesMax) this.refuse(`a string of ${length} bytes is longer than ${textBytesMax}`);
    if (isCompact) this.unsignedVarint(length + 1);
    else this.int16(length);
    const at = this.reserve(length);
    this.bytes.write(value, at, length, 'utf8');
  }

  #slice(value: Uint8Array): void {
    if (value.length < sliceBytesMin) {
      this.#copy(value);
      return;
    }
    this.#slices.push(value);
    this.#sliceMarks.push(this.at - this.#start);
    this.#slicesLength += value.length;
  }

  #copy(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.bytes.set(value, at);
  }

  #grow(count: number): void {
    const used = this.at - this.#start;
    const bytes = Buffer.allocUnsafeSlow(Math.max(bufferBytesMin, (used + count) * 2));
    this.bytes.copy(bytes, 0, this.#start, this.at);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.at = used;
    this.#start = 0;
  }

  #dropBuffer(): void {
    this.bytes = noBytes;
    this.view = noView;
    this.at = 0;
    this.#start = 0;
  }

  #forgetSlices(kept: number): void {
    if (this.#slices.length === kept) return;
    this.#slices = this.#slices.slice(0, kept);
    this.#sliceMarks = this.#sliceMarks.slice(0, kept);
  }
}

/** Where a writer stood. */
export interface Mark {
  readonly bytes: number;
  readonly slices: number;
  readonly slicesLength: number;
}

function unsignedVarintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** Below it a copy is cheaper than one more chunk. */
const sliceBytesMin = 1024;
const bufferBytesMin = 16_384;
/** A buffer that one huge message needed is not kept for the small ones after it. */
const keptBytesMax = 262_144;
/** Few enough letters that the loop beats a call, and that the compact length is one byte. */
const shortTextMax = 48;
const noBytes = Buffer.alloc(0);
const noView = new DataView(new ArrayBuffer(0));
