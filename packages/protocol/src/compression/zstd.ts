import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { inflate } from './inflate.ts';

export function compressZstd(bytes: Uint8Array, level = 3): Buffer {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/** Frames that do not tell their size, as Java's stream writes them, are accepted. */
export function decompressZstd(bytes: Uint8Array, bytesMax: number): Buffer {
  return inflate('zstd', bytes, bytesMax, (options) => zstdDecompressSync(bytes, options));
}
