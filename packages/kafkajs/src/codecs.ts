/**
 * All codecs are built in. The table is there for programs that look codecs up; one that is put into it is left unused, since batches are
 * packed and unpacked with the built-in ones.
 */
import { compress, decompress } from '@millrace/protocol';

import { CompressionTypes } from './enums.ts';

const bytesMax = 128 << 20;

const builtIn = (id: number) => () => ({
  compress: async ({ buffer }: { buffer: Buffer }): Promise<Buffer> => compress(id, buffer),
  decompress: async (buffer: Buffer): Promise<Buffer> => decompress(id, buffer, bytesMax),
});

const { GZIP, Snappy, LZ4, ZSTD } = CompressionTypes;

// oxlint-disable-next-line typescript/no-explicit-any -- codecs of any shape may be put here
export const CompressionCodecs: Record<1 | 2 | 3 | 4, () => any> = {
  [GZIP]: builtIn(GZIP),
  [Snappy]: builtIn(Snappy),
  [LZ4]: builtIn(LZ4),
  [ZSTD]: builtIn(ZSTD),
};
