import { readFileSync } from 'node:fs';
import type { RecordInput } from './encode-batch.ts';

/** The records that tools/golden-batches/GoldenBatches.java writes. Only tests use them. */
export function goldenRecords(count: number): RecordInput[] {
  return Array.from({ length: count }, (_, n) => ({
    key: n % 3 === 0 ? null : Buffer.from(`key-${n}`),
    value: n % 7 === 3 ? null : Buffer.from(`value ${n} ✓ ${'the quick brown fox '.repeat(n % 11)}`),
    timestamp: 1_700_000_000_000 + n * 17 - (n % 5) * 100,
    headers: Array.from({ length: n % 4 }, (_, h) => ({
      key: `header-${h}é`,
      value: h === 1 ? null : Buffer.from(`h${n}`),
    })),
  }));
}

/** A batch that Java wrote. */
export const goldenBatch = (name: string): Buffer =>
  readFileSync(new URL(`../testdata/batches/${name}.batch`, import.meta.url));
