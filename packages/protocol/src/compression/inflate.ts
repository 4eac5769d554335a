import { corruptBytes, tooLarge, type CompressionError } from './compression-error.ts';

/**
 * zlib gathers its output in pieces of this size. With its own 16 KiB, what a large batch needed stays with the C allocator for
 * ever, in holes too small to be given back; pieces in proportion to the input cost nothing for small batches.
 */
function pieceBytes(compressedBytes: number): number {
  return Math.min(Math.max(compressedBytes * 8, 16 << 10), 1 << 20);
}

/** Runs one of zlib's decompressors under a limit and turns its complaints into ours. */
export function inflate(
  codec: string,
  compressed: Uint8Array,
  bytesMax: number,
  run: (options: { maxOutputLength: number; chunkSize: number }) => Buffer,
): Buffer {
  try {
    // zlib wants a limit of at least one byte.
    const bytes = run({ maxOutputLength: Math.max(bytesMax, 1), chunkSize: pieceBytes(compressed.length) });
    if (bytes.length > bytesMax) throw tooLarge(codec, bytesMax);
    return bytes;
  } catch (error) {
    throw fault(codec, bytesMax, error);
  }
}

function fault(codec: string, bytesMax: number, error: unknown): CompressionError {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
    return tooLarge(codec, bytesMax);
  return corruptBytes(codec, error instanceof Error ? error.message : String(error), { cause: error });
}
