import { corruptBytes } from './compression-error.ts';

/**
 * How many bytes the LZ4 block in `source[from..to)` decodes to: a walk over its tokens that touches neither literals nor matches.
 * So a frame that would grow too large is refused before anything is allocated for it.
 */
export function lz4BlockBytes(source: Buffer, from: number, to: number): number {
  let read = from;
  let bytes = 0;
  while (read < to) {
    const token = source[read++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && read < to) literals += more = source[read++]!;
    }
    if (literals > to - read) throw corruptBytes('lz4', 'literals run past the end of their block');
    read += literals;
    bytes += literals;
    if (read === to) return bytes;
    if (to - read < 2) throw corruptBytes('lz4', 'a match has no distance');
    read += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255 && read < to) length += more = source[read++]!;
    }
    bytes += length;
  }
  throw corruptBytes('lz4', 'a block ends in a match or is empty');
}

/**
 * Decodes the block into `target` at `at` and gives the position behind the last byte written. The block must have been
 * measured by `lz4BlockBytes`, and `target` must have that room. Matches may not reach back before `at`: Kafka's frames hold independent blocks.
 */
export function decodeLz4Block(source: Buffer, from: number, to: number, target: Buffer, at: number): number {
  let read = from;
  let write = at;
  for (;;) {
    const token = source[read++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && read < to) literals += more = source[read++]!;
    }
    // Short runs, which are most of them, are faster by hand than by a call.
    if (literals < 24) for (let n = 0; n < literals; n++) target[write + n] = source[read + n]!;
    else target.set(source.subarray(read, read + literals), write);
    read += literals;
    write += literals;
    if (read >= to) return write;
    const distance = source[read]! | (source[read + 1]! << 8);
    read += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255 && read < to) length += more = source[read++]!;
    }
    if (distance === 0 || distance > write - at) throw corruptBytes('lz4', 'a match reaches back before its block');
    if (distance >= length && length >= 32) target.copyWithin(write, write - distance, write - distance + length);
    else for (let n = 0, back = write - distance; n < length; n++) target[write + n] = target[back + n]!;
    write += length;
  }
}
