// CRC-32C of batches of usual sizes: through the door the broker uses, and by the tables that stand in where there is no native code.
// Run: `node bench/micro/crc.ts`.

import { crc32c } from '@millrace/protocol';
import { plainCrc32c } from '../../packages/protocol/src/crc32c.ts';
import { measure } from './loop.ts';

for (const size of [128, 1024, 16_384, 131_072, 1 << 20]) {
  const bytes = Buffer.alloc(size, 'millrace');
  measure(`crc32c, ${size} B`, () => crc32c(bytes), size);
  measure(`crc32c by tables, ${size} B`, () => plainCrc32c(bytes), size);
}
