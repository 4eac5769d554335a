// kafkajs brings gzip only; the other codecs are plugged in by its users, here from @platformatic/wasm-utils and node:zlib.

import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { lz4Compress, lz4Decompress, snappyCompress, snappyDecompress } from '@platformatic/wasm-utils';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** The frame around snappy blocks that Java's xerial library writes and all Kafka clients expect. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);

interface Encoder {
  buffer: Buffer;
}

export function plugCodecs(): void {
  plug(
    CompressionTypes.Snappy,
    async (bytes) => xerialCompress(bytes),
    async (bytes) => xerialDecompress(bytes),
  );
  plug(
    CompressionTypes.LZ4,
    async (bytes) => lz4Compress(bytes),
    async (bytes) => lz4Decompress(bytes),
  );
  plug(CompressionTypes.ZSTD, promisify(zstdCompress), promisify(zstdDecompress));
}

function plug(
  type: 2 | 3 | 4,
  compress: (bytes: Buffer) => Promise<Buffer>,
  decompress: (bytes: Buffer) => Promise<Buffer>,
): void {
  CompressionCodecs[type] = () => ({ compress: async ({ buffer }: Encoder) => await compress(buffer), decompress });
}

function xerialCompress(bytes: Buffer): Buffer {
  const block = snappyCompress(bytes);
  const head = Buffer.alloc(20);
  XERIAL_MAGIC.copy(head);
  head.writeInt32BE(1, 8);
  head.writeInt32BE(1, 12);
  head.writeInt32BE(block.length, 16);
  return Buffer.concat([head, block]);
}

function xerialDecompress(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, 8).equals(XERIAL_MAGIC)) return snappyDecompress(bytes);
  const blocks: Buffer[] = [];
  for (let at = 16; at < bytes.length;) {
    const length = bytes.readInt32BE(at);
    blocks.push(snappyDecompress(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}
