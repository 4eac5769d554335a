/**
 * Durable appends without sockets: clients that append one batch to some log, wait until it is synced, and go on. Run:
 * `node bench/micro/group-commit.ts [folder]`. Prints appends per second and latencies, with one fdatasync per append for comparison.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nodeHost } from '@millrace/base';
import { defaultLogConfig, type Log, LogDirectory } from '@millrace/log';
import { batchHeader, encodeBatch } from '@millrace/protocol';

const secondsPerCase = 2;
const root = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'millrace-commit-'));

console.log('clients logs  bytes   appends/s      MB/s   p50 ms   p99 ms');
for (const bytes of [1 << 10, 16 << 10]) {
  for (const [clients, logs] of [
    [1, 1],
    [16, 1],
    [64, 1],
    [16, 4],
    [64, 4],
    [64, 16],
  ] as const)
    await measure(clients, logs, bytes);
}
if (process.argv[2] === undefined) rmSync(root, { recursive: true, force: true });

async function measure(clients: number, logCount: number, bytes: number): Promise<void> {
  const path = join(root, 'data');
  rmSync(path, { recursive: true, force: true });
  const directory = LogDirectory.open(nodeHost(), path, { nodeId: 1 });
  const logs = Array.from({ length: logCount }, (_, partition) =>
    directory.openLog('bench', partition, undefined, defaultLogConfig),
  );
  const latencies: number[] = [];
  const endsAtMs = performance.now() + secondsPerCase * 1000;
  await Promise.all(
    Array.from(
      { length: clients },
      async (_, client) => await loop(directory, logs[client % logCount]!, bytes, endsAtMs, latencies),
    ),
  );
  await directory.close({ clean: false });
  latencies.sort((a, b) => a - b);
  const at = (part: number): string => (latencies[Math.floor(latencies.length * part)] ?? 0).toFixed(2).padStart(8);
  const perSecond = latencies.length / secondsPerCase;
  const columns = [
    String(clients).padStart(7),
    String(logCount).padStart(4),
    String(bytes).padStart(6),
    perSecond.toFixed(0).padStart(11),
    ((perSecond * bytes) / 1e6).toFixed(1).padStart(9),
  ];
  console.log(`${columns.join(' ')} ${at(0.5)} ${at(0.99)}`);
}

async function loop(
  directory: LogDirectory,
  log: Log,
  bytes: number,
  endsAtMs: number,
  latencies: number[],
): Promise<void> {
  const batch = encodeBatch([{ value: Buffer.alloc(bytes - 80) }]);
  for (let nowMs = performance.now(); nowMs < endsAtMs;) {
    const beganAtMs = nowMs;
    batchHeader.stampOffset(batch, 0, 0, -1);
    log.append(batch, { leaderEpoch: 0, origin: 'client' });
    log.writeOut();
    await directory.synced();
    // As a socket would: the next request is another turn of the loop.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    nowMs = performance.now();
    latencies.push(nowMs - beganAtMs);
  }
}
