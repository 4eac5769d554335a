import { DecodeError } from './codec-error.ts';
import { zeroUuid } from './schema.ts';
import { SliceCache, sliceBytesMax } from './slice-cache.ts';

/**
 * A place in a frame. In: the bytes of one message. Out: its primitives, one after the other.
 *
 * It reads through a view over the whole memory in which the frame lies, because frames come as slices of few large
 * buffers and a new view for each would cost as much as a small message. Every length is checked against what remains before
 * anything is allocated, and the elements of all arrays of a message are counted.
 */
export class Reader {
  bytes: Buffer = noBytes;
  view: DataView = noView;
  /** Counted from the beginning of the memory, not of the frame. */
  at = 0;
  end = 0;
  #elementsLeft = 0;

  open(frame: Uint8Array, at: number): void {
    if (this.view.buffer !== frame.buffer) {
      this.view = new DataView(frame.buffer);
      this.bytes = Buffer.from(frame.buffer);
    }
    this.at = frame.byteOffset + at;
    this.end = frame.byteOffset + frame.length;
    this.#elementsLeft = elementsMax + (frame.length >>> 5);
    if (at > frame.length) this.fail('it begins behind the end');
  }

  /** Lets go of large frames; small memory is kept for the next frame in it. */
  close(): void {
    if (this.bytes.length <= keptBytesMax) return;
    this.view = noView;
    this.bytes = noBytes;
  }

  /** The place of the next `count` bytes, behind which the reader then stands. */
  take(count: number): number {
    const at = this.at;
    if (count > this.end - at) this.fail(`${count} bytes are needed and ${this.end - at} are left`);
    this.at = at + count;
    return at;
  }

  /** Of -1: null. */
  length16(): number {
    return this.#length(this.view.getInt16(this.take(2)));
  }

  length32(): number {
    return this.#length(this.view.getInt32(this.take(4)));
  }

  compactLength(): number {
    return this.unsignedVarint() - 1;
  }

  /** At most 31 bits: nothing on the wire counts further. */
  unsignedVarint(): number {
    const first = this.view.getUint8(this.take(1));
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift <= 28; shift += 7) {
      const next = this.view.getUint8(this.take(1));
      value |= (next & 0x7f) << shift;
      if (next < 0x80) {
        if (value < 0 || (shift === 28 && next > 7)) break;
        return value;
      }
    }
    return this.fail('a variable-length integer is too long');
  }

  text(length: number): string {
    if (length < 0) this.fail('null where a string must be');
    if (length > textBytesMax) this.fail(`a string of ${length} bytes is longer than ${textBytesMax}`);
    const at = this.take(length);
    if (length >= 4 && length <= sliceBytesMax) return texts.text(this.bytes, this.view, at, at + length);
    return length === 0 ? '' : this.bytes.toString('utf8', at, at + length);
  }

  textOrNull(length: number): string | null {
    return length === -1 ? null : this.text(length);
  }

  /** A slice of the frame, not a copy. */
  slice(length: number): Buffer {
    if (length < 0) this.fail('null where bytes must be');
    const at = this.take(length);
    return this.bytes.subarray(at, at + length);
  }

  sliceOrNull(length: number): Buffer | null {
    return length === -1 ? null : this.slice(length);
  }

  int64(at: number): number {
    const { view } = this;
    return view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
  }

  uuid(at: number): string {
    const { view } = this;
    if (
      view.getInt32(at) === 0 &&
      view.getInt32(at + 4) === 0 &&
      view.getInt32(at + 8) === 0 &&
      view.getInt32(at + 12) === 0
    ) {
      return zeroUuid;
    }
    return uuids.text(this.bytes, view, at, at + 16);
  }

  /** How many elements follow, each of `bytesMin` bytes or more. */
  count(length: number, bytesMin: number): number {
    if (length < 0) this.fail('null where an array must be');
    if (length * bytesMin > this.end - this.at)
      this.fail(`${length} elements cannot be in the ${this.end - this.at} bytes that are left`);
    this.#elementsLeft -= length;
    if (this.#elementsLeft < 0) this.fail(`its arrays have more elements than are allowed`);
    return length;
  }

  /** -1 for null. */
  countOrNull(length: number, bytesMin: number): number {
    return length === -1 ? -1 : this.count(length, bytesMin);
  }

  /** Of a struct that may be null. Kafka marks it in another way inside a tag. */
  isPresent(isTagged: boolean): boolean {
    return isTagged ? this.unsignedVarint() > 0 : this.view.getInt8(this.take(1)) >= 0;
  }

  /** The tag section of a struct that has no tags at this version. */
  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint();
      this.skipTag(this.unsignedVarint());
    }
  }

  /** Unknown tags are not kept: what we send on, we write ourselves. */
  skipTag(size: number): void {
    this.take(size);
  }

  fail(reason: string): never {
    throw new DecodeError(reason);
  }

  #length(length: number): number {
    if (length < -1) this.fail(`a length of ${length}`);
    return length;
  }
}

/** Elements of all arrays of a message, besides one for every 32 bytes of its frame. */
export const elementsMax = 131_072;
/** Kafka's, also for compact strings. */
export const textBytesMax = 0x7fff;
const keptBytesMax = 1 << 20;
const noBytes = Buffer.alloc(0);
const noView = new DataView(new ArrayBuffer(0));

const texts = new SliceCache((bytes, at, end) => bytes.toString('utf8', at, end));
const uuids = new SliceCache((bytes, at, end) => bytes.toString('base64url', at, end));
