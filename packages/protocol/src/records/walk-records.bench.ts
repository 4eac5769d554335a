// node packages/protocol/src/records/walk-records.bench.ts: nanoseconds per record of the walk, of the whole check, and of decoding.
import { decodeBatch } from './decode-batch.ts';
import { encodeBatch } from './encode-batch.ts';
import { validateBatch, type BatchRules } from './validate-batch.ts';
import { walkRecords } from './walk-records.ts';

const rules: BatchRules = {
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Infinity,
  timestampAfterMaxMs: 3_600_000,
  isCompacted: false,
  messageBytesMax: 2 ** 24,
  recordBytesMax: 2 ** 24,
};
const nowMs = 1_700_000_000_000;

for (const [count, valueBytes, keyBytes] of [
  [1, 100, 0],
  [10, 100, 0],
  [150, 100, 8],
  [1000, 10, 4],
  [1000, 1000, 10],
] as const) {
  const record = { key: keyBytes === 0 ? null : Buffer.alloc(keyBytes, 1), value: Buffer.alloc(valueBytes, 2) };
  const records = Array.from({ length: count }, (_, n) => ({ ...record, timestamp: nowMs + (n % 500) }));
  const batch = encodeBatch(records);
  console.log(`${count} records of ${keyBytes} + ${valueBytes} bytes`, {
    walk: nanosecondsPerRecord(count, () => walkRecords(batch, 61, batch.length, count, true)),
    validate: nanosecondsPerRecord(count, () => validateBatch(batch, rules, nowMs, { origin: 'client' })),
    decode: nanosecondsPerRecord(count, () => decodeBatch(batch, 0, 0)),
    encode: nanosecondsPerRecord(count, () => encodeBatch(records)),
  });
}

/** The best of five rounds, after one to warm up. */
function nanosecondsPerRecord(count: number, run: () => unknown): number {
  const times = Math.ceil(1_000_000 / count);
  let best = Infinity;
  for (let round = 0; round < 6; round++) {
    const from = process.hrtime.bigint();
    for (let n = 0; n < times; n++) run();
    const spent = Number(process.hrtime.bigint() - from) / times / count;
    if (round > 0) best = Math.min(best, spent);
  }
  return Math.round(best * 10) / 10;
}
