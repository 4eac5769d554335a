/** Batches in and records out of a log, for tests that care about what is in between. */
import type { Log } from '@millrace/log';
import {
  type BatchInput,
  batchHeader,
  type BatchRecord,
  decodeBatch,
  encodeBatch,
  splitBatches,
} from '@millrace/protocol';

/** One batch with a record for each value. */
export function batchOf(values: readonly string[], batch: BatchInput & { readonly timestampMs?: number } = {}): Buffer {
  const { timestampMs, ...rest } = batch;
  return encodeBatch(
    values.map((value) =>
      timestampMs === undefined ? { value: Buffer.from(value) } : { value: Buffer.from(value), timestamp: timestampMs },
    ),
    rest,
  );
}

/** Appends and writes one batch as a client would; gives its base offset. */
export function put(
  log: Log,
  values: readonly string[],
  batch: Parameters<typeof batchOf>[1] & { readonly epoch?: number } = {},
): number {
  const { epoch, ...rest } = batch;
  const { baseOffset } = log.append(batchOf(values, rest), { leaderEpoch: epoch ?? 0, origin: 'client' });
  log.writeOut();
  return baseOffset;
}

/** All whole batches of one read. */
export function readBytes(
  log: Log,
  offset: number,
  options: { readonly bytesMax?: number; readonly upTo?: number } = {},
): Buffer {
  const read = log.read(offset, {
    bytesMax: options.bytesMax ?? 1 << 20,
    minOneBatch: true,
    upTo: options.upTo ?? log.endOffset,
  });
  const bytes = Buffer.alloc(read.bytes);
  return bytes.subarray(0, read.fillSync(bytes));
}

export function recordsIn(bytes: Buffer): BatchRecord[] {
  return splitBatches(bytes).spans.flatMap(({ at }) => decodeBatch(bytes, at, 1 << 26));
}

/** Every record of the log, read in pieces; records before its start that share a batch with the first are left out. */
export function recordsOf(log: Log, bytesMax = 1 << 20): BatchRecord[] {
  const records: BatchRecord[] = [];
  for (let at = log.startOffset; at < log.endOffset;) {
    const bytes = readBytes(log, at, { bytesMax });
    if (bytes.length === 0) throw new Error(`nothing can be read at ${at}, and the log ends at ${log.endOffset}`);
    records.push(...recordsIn(bytes).filter(({ offset }) => offset >= log.startOffset));
    const { spans } = splitBatches(bytes);
    at = batchHeader.lastOffset(bytes, spans.at(-1)!.at) + 1;
  }
  return records;
}

/** Values by offset. */
export function valuesOf(log: Log): Map<number, string> {
  return new Map(recordsOf(log).map(({ offset, value }) => [offset, value?.toString() ?? '']));
}
