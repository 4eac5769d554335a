import { corruptBytes, tooLarge } from './compression-error.ts';
import { decodeLz4Block, lz4BlockBytes } from './lz4-block.ts';
import { wasmEncoders } from './wasm.ts';
import { xxhash32 } from './xxhash32.ts';

const magic = 0x184d2204;
const blockBytes = 64 * 1024;
/** Version 1, independent blocks, no checksums behind blocks or contents, no content size; blocks of at most 64 KiB. */
const flags = 0x60;
const descriptor = 0x40;
const rawBlockBit = 0x8000_0000;
const endMark = 0;
/** What the encoder puts around a frame's only block: magic, flags, descriptor, content size or not, header checksum, and the end mark behind. */
const frameHead = Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, descriptor, 0]);
frameHead[6] = (xxhash32(frameHead, 4, 6) >>> 8) & 0xff;

/**
 * One LZ4 frame as Java's reader wants it: blocks that do not depend on each other, and a header checksum over the right bytes.
 * The encoder chooses larger blocks for larger inputs, so it is given 64 KiB at a time and its blocks are joined.
 */
export function compressLz4(bytes: Uint8Array): Buffer {
  const parts: Uint8Array[] = [frameHead];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const frame = wasmEncoders().lz4Compress(bytes.subarray(at, at + blockBytes));
    parts.push(frame.subarray(headerBytes(frame), frame.length - 4));
  }
  parts.push(Buffer.alloc(4, endMark));
  return Buffer.concat(parts);
}

/** Reads one frame; what follows its end mark is not looked at, as in Java. The checksum of its header is compared unless that is known to be wrong. */
export function decompressLz4(bytes: Buffer, bytesMax: number, isHeaderChecked = true): Buffer {
  const frame = readFrame(bytes, bytesMax, isHeaderChecked);
  const target = Buffer.allocUnsafeSlow(frame.contentBytes);
  let write = 0;
  for (let at = headerBytes(bytes); ;) {
    const word = bytes.readUInt32LE(at);
    at += 4;
    if (word === endMark) break;
    const length = word % rawBlockBit;
    if (word >= rawBlockBit) write += bytes.copy(target, write, at, at + length);
    else write = decodeLz4Block(bytes, at, at + length, target, write);
    at += length + frame.blockTailBytes;
  }
  if (frame.contentChecksum !== undefined && frame.contentChecksum !== xxhash32(target)) {
    throw corruptBytes('lz4', 'the checksum of the contents does not match');
  }
  return target;
}

interface Frame {
  readonly contentBytes: number;
  readonly blockTailBytes: number;
  readonly contentChecksum: number | undefined;
}

/** Checks the whole frame but for what its matches copy, and finds out how large it becomes. */
function readFrame(bytes: Buffer, bytesMax: number, isHeaderChecked: boolean): Frame {
  const { hasBlockChecksum, hasContentChecksum, blockBytesMax } = readHeader(bytes, isHeaderChecked);
  const blockTailBytes = hasBlockChecksum ? 4 : 0;
  let contentBytes = 0;
  let at = headerBytes(bytes);
  for (;;) {
    if (bytes.length - at < 4) throw corruptBytes('lz4', 'the end mark is missing');
    const word = bytes.readUInt32LE(at);
    at += 4;
    if (word === endMark) break;
    const length = word % rawBlockBit;
    if (length + blockTailBytes > bytes.length - at) throw corruptBytes('lz4', 'a block runs past the end');
    const blockContentBytes = word >= rawBlockBit ? length : lz4BlockBytes(bytes, at, at + length);
    if (blockContentBytes > blockBytesMax) throw corruptBytes('lz4', 'a block is larger than its frame allows');
    if (hasBlockChecksum && bytes.readUInt32LE(at + length) !== xxhash32(bytes, at, at + length)) {
      throw corruptBytes('lz4', 'the checksum of a block does not match');
    }
    contentBytes += blockContentBytes;
    if (contentBytes > bytesMax) throw tooLarge('lz4', bytesMax);
    at += length + blockTailBytes;
  }
  if (!hasContentChecksum) return { contentBytes, blockTailBytes, contentChecksum: undefined };
  if (bytes.length - at < 4) throw corruptBytes('lz4', 'the checksum of the contents is missing');
  return { contentBytes, blockTailBytes, contentChecksum: bytes.readUInt32LE(at) };
}

interface FrameHeader {
  readonly hasBlockChecksum: boolean;
  readonly hasContentChecksum: boolean;
  readonly blockBytesMax: number;
}

function readHeader(bytes: Buffer, isHeaderChecked: boolean): FrameHeader {
  if (bytes.length < frameHead.length) throw corruptBytes('lz4', 'the frame ends inside its header');
  if (bytes.readUInt32LE(0) !== magic) throw corruptBytes('lz4', 'they do not begin with the magic number of a frame');
  const flags = bytes.readUInt8(4);
  const sizeClass = (bytes.readUInt8(5) >>> 4) & 7;
  const end = headerBytes(bytes);
  if (flags >>> 6 !== 1) throw corruptBytes('lz4', `version ${flags >>> 6} of the frame format is not known`);
  if ((flags & 0x20) === 0) throw corruptBytes('lz4', 'the blocks depend on each other, which no Kafka reader accepts');
  if ((flags & 0x03) !== 0) throw corruptBytes('lz4', 'the frame asks for a dictionary or sets a reserved bit');
  if (sizeClass < 4) throw corruptBytes('lz4', `there is no block size of class ${sizeClass}`);
  if (bytes.length < end) throw corruptBytes('lz4', 'the frame ends inside its header');
  if (isHeaderChecked && bytes.readUInt8(end - 1) !== ((xxhash32(bytes, 4, end - 1) >>> 8) & 0xff)) {
    throw corruptBytes('lz4', 'the checksum of the header does not match');
  }
  return {
    hasBlockChecksum: (flags & 0x10) !== 0,
    hasContentChecksum: (flags & 0x04) !== 0,
    blockBytesMax: 1 << (8 + 2 * sizeClass),
  };
}

/** Magic, flags, descriptor, eight bytes of content size where the flags say so, checksum. */
const headerBytes = (frame: Buffer): number => ((frame[4]! & 0x08) === 0 ? 7 : 15);
