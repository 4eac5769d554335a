// What a batch of records costs: the checks before the log, and encoding and decoding as clients do it. Run: `node bench/micro/records.ts`.

import { decodeBatch, encodeBatch, validateBatch, type BatchInput, type BatchRules } from '@millrace/protocol';
import { measure } from './loop.ts';

const rules: BatchRules = {
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: 3_600_000,
  isCompacted: false,
  messageBytesMax: 1_048_588,
  recordBytesMax: 16 << 20,
};
const source = { origin: 'client' } as const;
const nowMs = Date.now();
const codecs: BatchInput[] = [{}, { compression: 'lz4' }, { compression: 'zstd' }];

for (const [size, count] of [
  [100, 148],
  [1024, 125],
] as const) {
  const records = Array.from({ length: count }, (_, index) => ({ value: value(size, index), timestamp: nowMs }));
  for (const batch of codecs) {
    const name = `${count} records of ${size} B, ${batch.compression ?? 'not compressed'}`;
    const bytes = encodeBatch(records, batch);
    const verdict = validateBatch(bytes, rules, nowMs, source);
    if (verdict.error !== undefined) throw new Error(`the batch is refused: ${JSON.stringify(verdict)}`);
    measure(`validate ${name}`, () => validateBatch(bytes, rules, nowMs, source), size * count);
    measure(`decode ${name}`, () => decodeBatch(bytes, 0, rules.recordBytesMax), size * count);
    measure(`encode ${name}`, () => encodeBatch(records, batch), size * count);
  }
}

/** Text that compresses about as well as what people send. */
function value(size: number, index: number): Buffer {
  const words = `{"id":${index},"at":${nowMs + index * 7},"name":"vehicle-${(index * 7919) % 997}","speed":${(index * 31) % 120}}`;
  return Buffer.alloc(size, words);
}
