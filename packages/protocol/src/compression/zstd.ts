import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { CompressionError } from './compression-error.ts';
import { inflate } from './inflate.ts';

/** Why there is no zstd: the published client runs on versions of Node without it, too. */
export const zstdMissing: string | undefined =
  zstdCompressSync === undefined ? `zstd came to Node with 22.15 and 23.8, and this is ${process.version}.` : undefined;

export function compressZstd(bytes: Uint8Array, level = 3): Buffer {
  expectZstd();
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/** Frames that do not tell their size, as Java's stream writes them, are accepted. */
export function decompressZstd(bytes: Uint8Array, bytesMax: number): Buffer {
  expectZstd();
  return inflate('zstd', bytes, bytesMax, (options) => zstdDecompressSync(bytes, options));
}

function expectZstd(): void {
  if (zstdMissing !== undefined) throw new CompressionError('unsupported', zstdMissing);
}
