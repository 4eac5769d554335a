import { corruptBytes } from './compression-error.ts';

/** No element of the format stands for more bytes than this per byte of its own, so a larger claim is a lie. */
const growthMax = 22;

/** The header of a raw block: the size of what it holds, and how many bytes the header itself takes. */
export function snappyBlockHeader(
  source: Buffer,
  from: number,
  to: number,
): { contentBytes: number; headerBytes: number } {
  let contentBytes = 0;
  for (let n = 0; n < 5 && from + n < to; n++) {
    const byte = source[from + n]!;
    contentBytes += (byte & 0x7f) * 2 ** (7 * n);
    if (byte >= 0x80) continue;
    if (contentBytes > growthMax * (to - from))
      throw corruptBytes('snappy', 'a block claims more content than it can hold');
    return { contentBytes, headerBytes: n + 1 };
  }
  throw corruptBytes('snappy', 'a block does not begin with its size');
}

/** Decodes the elements in `source[from..to)` into `target[at..end)`, which they must fill exactly. */
export function decodeSnappyElements(
  source: Buffer,
  from: number,
  to: number,
  target: Buffer,
  at: number,
  end: number,
): void {
  let read = from;
  let write = at;
  while (read < to) {
    const tag = source[read++]!;
    let length: number;
    if ((tag & 3) === 0) {
      length = (tag >>> 2) + 1;
      if (length > 60) {
        const sizeBytes = length - 60;
        if (sizeBytes > to - read) throw corruptBytes('snappy', 'a block ends inside a literal');
        length = source.readUIntLE(read, sizeBytes) + 1;
        read += sizeBytes;
      }
      if (length > to - read) throw corruptBytes('snappy', 'a block ends inside a literal');
      if (length > end - write) throw corruptBytes('snappy', 'a block holds more than it claims');
      // Short runs, which are most of them, are faster by hand than by a call.
      if (length < 24) for (let n = 0; n < length; n++) target[write + n] = source[read + n]!;
      else target.set(source.subarray(read, read + length), write);
      read += length;
      write += length;
      continue;
    }
    const distanceBytes = (tag & 3) === 3 ? 4 : tag & 3;
    if (distanceBytes > to - read) throw corruptBytes('snappy', 'a block ends inside a copy');
    let distance: number;
    if (distanceBytes === 1) distance = ((tag >>> 5) << 8) | source[read]!;
    else if (distanceBytes === 2) distance = source[read]! | (source[read + 1]! << 8);
    else distance = source.readUInt32LE(read);
    length = distanceBytes === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    read += distanceBytes;
    if (distance === 0 || distance > write - at) throw corruptBytes('snappy', 'a copy reaches back before its block');
    if (length > end - write) throw corruptBytes('snappy', 'a block holds more than it claims');
    if (distance >= length && length >= 32) target.copyWithin(write, write - distance, write - distance + length);
    else for (let n = 0, back = write - distance; n < length; n++) target[write + n] = target[back + n]!;
    write += length;
  }
  if (write !== end) throw corruptBytes('snappy', 'a block holds less than it claims');
}
