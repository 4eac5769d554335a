import { corruptBytes, tooLarge, type CompressionError } from './compression-error.ts';

/** Runs one of zlib's decompressors under a limit and turns its complaints into ours. */
export function inflate(
  codec: string,
  bytesMax: number,
  run: (options: { maxOutputLength: number }) => Buffer,
): Buffer {
  try {
    // zlib wants a limit of at least one byte.
    const bytes = run({ maxOutputLength: Math.max(bytesMax, 1) });
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
