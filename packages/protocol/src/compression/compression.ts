import { CompressionError } from './compression-error.ts';
import { compressGzip, decompressGzip } from './gzip.ts';
import { compressLz4, decompressLz4 } from './lz4.ts';
import { compressSnappy, decompressSnappy } from './snappy.ts';
import { compressZstd, decompressZstd, zstdMissing } from './zstd.ts';

export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** One way to make records smaller. `compress` and `decompress` throw CompressionError only. */
export interface Codec {
  /** What Kafka writes into the attributes of a batch. */
  readonly id: number;
  readonly name: CompressionName;
  /** The levels users may ask for, as in Kafka; absent where the codec has none. */
  readonly levels: { readonly min: number; readonly max: number; readonly default: number } | undefined;
  /** Why it cannot be used on this Node, where it cannot. */
  readonly missing?: string | undefined;
  compress(bytes: Buffer, level?: number): Buffer;
  /** Refuses, before allocating, what would grow beyond `bytesMax`. */
  decompress(bytes: Buffer, bytesMax: number): Buffer;
}

const none: Codec = {
  id: 0,
  name: 'none',
  levels: undefined,
  compress: (bytes) => bytes,
  decompress: (bytes) => bytes,
};

const gzip: Codec = {
  id: 1,
  name: 'gzip',
  levels: { min: 1, max: 9, default: -1 },
  compress: compressGzip,
  decompress: decompressGzip,
};

const snappy: Codec = {
  id: 2,
  name: 'snappy',
  levels: undefined,
  compress: compressSnappy,
  decompress: decompressSnappy,
};

/** Levels are accepted for Kafka's sake; the encoder has one way to work, which is the fast one. */
const lz4: Codec = {
  id: 3,
  name: 'lz4',
  levels: { min: 1, max: 17, default: 9 },
  compress: compressLz4,
  decompress: decompressLz4,
};

const zstd: Codec = {
  id: 4,
  name: 'zstd',
  levels: { min: -131072, max: 22, default: 3 },
  missing: zstdMissing,
  compress: compressZstd,
  decompress: decompressZstd,
};

/** In the order of their ids. */
export const codecs: readonly Codec[] = [none, gzip, snappy, lz4, zstd];

export function codec(id: number): Codec {
  const found = codecs[id];
  if (found === undefined) throw new CompressionError('unsupported', `There is no compression codec with id ${id}.`);
  return found;
}

export function codecNamed(name: string): Codec | undefined {
  return codecs.find((codec) => codec.name === name);
}

export function compress(codecId: number, bytes: Buffer, level?: number): Buffer {
  return codec(codecId).compress(bytes, level);
}

export function decompress(codecId: number, bytes: Buffer, bytesMax: number): Buffer {
  return codec(codecId).decompress(bytes, bytesMax);
}
