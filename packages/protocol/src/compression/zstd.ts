import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { CompressionError } from './compression-error.ts';
import { inflate } from './inflate.ts';

export function compressZstd(bytes: Uint8Array, level = 3): Buffer {
  expectZstd(zstdCompressSync);
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/** Frames that do not tell their size, as Java's stream writes them, are accepted. */
export function decompressZstd(bytes: Uint8Array, bytesMax: number): Buffer {
  expectZstd(zstdDecompressSync);
  return inflate('zstd', bytes, bytesMax, (options) => zstdDecompressSync(bytes, options));
}

/** The published client runs on versions of Node that do not have it. */
function expectZstd(codec: unknown): void {
  if (codec === undefined)
    throw new CompressionError('unsupported', `zstd came to Node with 22.15 and 23.8, and this is ${process.version}.`);
}
