import { corruptBytes, tooLarge } from './compression-error.ts';
import { decodeSnappyElements, snappyBlockHeader } from './snappy-block.ts';
import { wasmEncoders } from './wasm.ts';

/** 0x82 'SNAPPY' 0x00, version 1, readable by version 1: the framing of the Java library, which every Kafka client writes or reads. */
const streamHead = Buffer.from('82534e41505059000000000100000001', 'hex');
const streamMagic = streamHead.subarray(0, 8);
const blockBytes = 32 * 1024;

export function compressSnappy(bytes: Uint8Array): Buffer {
  const parts: Uint8Array[] = [streamHead];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = wasmEncoders().snappyCompress(bytes.subarray(at, at + blockBytes));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** Reads Java's framing, and one bare block as well, which is what older non-Java clients write. */
export function decompressSnappy(bytes: Buffer, bytesMax: number): Buffer {
  const blocks = isFramed(bytes, 0) ? framedBlocks(bytes) : [{ from: 0, to: bytes.length }];
  let contentBytes = 0;
  for (const { from, to } of blocks) {
    contentBytes += snappyBlockHeader(bytes, from, to).contentBytes;
    if (contentBytes > bytesMax) throw tooLarge('snappy', bytesMax);
  }
  const target = Buffer.allocUnsafeSlow(contentBytes);
  let write = 0;
  for (const { from, to } of blocks) {
    const header = snappyBlockHeader(bytes, from, to);
    const end = write + header.contentBytes;
    decodeSnappyElements(bytes, from + header.headerBytes, to, target, write, end);
    write = end;
  }
  return target;
}

interface Block {
  readonly from: number;
  readonly to: number;
}

/** Streams may stand one behind the other: a head in place of a block's length begins the next. */
function framedBlocks(bytes: Buffer): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (isFramed(bytes, at)) {
      at += streamHead.length;
      continue;
    }
    if (bytes.length - at < 4) throw corruptBytes('snappy', 'they end inside the length of a block');
    const from = at + 4;
    const length = bytes.readInt32BE(at);
    if (length <= 0 || length > bytes.length - from) throw corruptBytes('snappy', 'a block runs past the end');
    at = from + length;
    blocks.push({ from, to: at });
  }
  if (at > bytes.length) throw corruptBytes('snappy', 'they end inside the head of a stream');
  return blocks;
}

const isFramed = (bytes: Buffer, at: number): boolean =>
  bytes.length - at >= streamMagic.length &&
  bytes.compare(streamMagic, 0, streamMagic.length, at, at + streamMagic.length) === 0;
