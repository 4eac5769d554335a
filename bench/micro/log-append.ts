/**
 * What one append costs: check, stamp, note, and the write into the file, on the real disk, without sockets. Run:
 * `node bench/micro/log-append.ts [folder]`. Prints, per size of batch, nanoseconds per append and MB/s, for appends written one by one
 * and eight at a time, with and without an idempotent producer, and for reads of 1 MiB from the begin of the log.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nodeHost } from '@millrace/base';
import { defaultLogConfig, type Log, LogDirectory } from '@millrace/log';
import { batchHeader, encodeBatch, sealBatch } from '@millrace/protocol';

const bytesPerCase = 512 << 20;
const recordBytes = 100;
const sizes = [1 << 10, 4 << 10, 16 << 10, 64 << 10, 128 << 10];

interface Case {
  readonly name: string;
  readonly appendsPerWrite: number;
  readonly isIdempotent: boolean;
}

const cases: readonly Case[] = [
  { name: 'one by one', appendsPerWrite: 1, isIdempotent: false },
  { name: 'eight at a time', appendsPerWrite: 8, isIdempotent: false },
  { name: 'idempotent', appendsPerWrite: 1, isIdempotent: true },
];

const root = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'millrace-append-'));
const config = { ...defaultLogConfig, messageBytesMax: 16 << 20, segmentBytes: 256 << 20 };
console.log('batch     case               ns/append      MB/s   | read ms/GiB');
for (const size of sizes) for (const one of cases) await measure(size, one);
if (process.argv[2] === undefined) rmSync(root, { recursive: true, force: true });

async function measure(size: number, { name, appendsPerWrite, isIdempotent }: Case): Promise<void> {
  const path = join(root, 'data');
  rmSync(path, { recursive: true, force: true });
  const directory = LogDirectory.open(nodeHost(), path, { nodeId: 1 });
  const log = directory.openLog('bench', 0, 'AAAAAAAAAAAAAAAAAAAAAA', config);
  const count = Math.max(1, Math.floor(size / recordBytes));
  const records = Array.from({ length: count }, () => ({
    value: Buffer.alloc(recordBytes - 10, 120),
    timestamp: Date.now(),
  }));
  const batches = Array.from({ length: appendsPerWrite }, () =>
    encodeBatch(records, isIdempotent ? { producerId: 1, producerEpoch: 0, baseSequence: 0 } : {}),
  );
  const rounds = Math.floor(bytesPerCase / (batches[0]!.length * appendsPerWrite));
  append(log, batches, Math.min(rounds >> 3, 2000), 0, isIdempotent);
  const warm = log.endOffset;
  const startedAtMs = performance.now();
  append(log, batches, rounds, warm, isIdempotent);
  const ms = performance.now() - startedAtMs;
  const appends = rounds * appendsPerWrite;
  const figures = [
    ((ms * 1e6) / appends).toFixed(0).padStart(10),
    ((appends * batches[0]!.length) / 1e3 / ms).toFixed(0).padStart(9),
  ];
  console.log(
    `${String(size).padEnd(9)} ${name.padEnd(17)} ${figures.join(' ')}   | ${readAll(log).toFixed(0).padStart(8)}`,
  );
  await directory.close({ clean: true });
}

function append(log: Log, batches: readonly Buffer[], rounds: number, from: number, isIdempotent: boolean): void {
  for (let round = 0, sequence = from; round < rounds; round++) {
    for (const batch of batches) {
      // As it comes from a client each time: base offset 0, the next sequence. The seal counts as its checksum would in a client.
      batchHeader.stampOffset(batch, 0, 0, -1);
      if (isIdempotent) {
        batch.writeInt32BE(sequence, 53);
        sequence += batchHeader.recordCount(batch, 0);
        sealBatch(batch, 0, batch.length);
      }
      log.append(batch, { leaderEpoch: 0, origin: 'client' });
    }
    log.writeOut();
  }
}

/** Milliseconds per GiB. */
function readAll(log: Log): number {
  const buffer = Buffer.alloc(2 << 20);
  const startedAtMs = performance.now();
  let bytes = 0;
  for (let at = 0; at < log.endOffset;) {
    const read = log.read(at, { bytesMax: 1 << 20, minOneBatch: true, upTo: log.endOffset });
    const count = read.fillSync(buffer.subarray(0, read.bytes));
    bytes += count;
    at = lastOffsetIn(buffer, count) + 1;
  }
  return ((performance.now() - startedAtMs) * (1 << 30)) / bytes;
}

function lastOffsetIn(buffer: Buffer, count: number): number {
  let last = -1;
  for (let at = 0; at < count; at += batchHeader.batchBytes(buffer, at)) last = batchHeader.lastOffset(buffer, at);
  return last;
}
