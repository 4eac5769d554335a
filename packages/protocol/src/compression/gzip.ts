import { gunzipSync, gzipSync } from 'node:zlib';
import { inflate } from './inflate.ts';

/** Level -1 is zlib's own default (6). */
export function compressGzip(bytes: Uint8Array, level = -1): Buffer {
  return gzipSync(bytes, { level });
}

/** A stream of several members, as some clients write them, is read to its end. */
export function decompressGzip(bytes: Uint8Array, bytesMax: number): Buffer {
  return inflate('gzip', bytes, bytesMax, (options) => gunzipSync(bytes, options));
}
