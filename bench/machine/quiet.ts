// What must hold before a run, or the figure is of something else: an idle machine, and memory that was used before.

import { closeSync, ftruncateSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { busyShare, memoryOfMachine } from './proc.ts';

const chunkBytes = 1 << 20;

/** Above this share of all processors, others are at work. The idle brokers of both sides stay below it. */
const busyShareMax = 0.15;

/**
 * Waits until the machine is idle, at most `patienceMs`. Returns the last share seen, so that the record tells if it was not.
 * The load average does not serve: it still holds our own last run.
 */
export async function untilQuiet(patienceMs: number): Promise<number> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const share = await busyShare(300);
    if (share <= busyShareMax || performance.now() > deadline) return share;
  }
}

/**
 * Lets the page cache take as many bytes as a case will write, and gives them back. The first touch of a page of this virtual
 * machine's memory costs ten times the later ones, and that would be charged to whoever runs first. Reading the holes of a sparse
 * file fills the cache without writing anything to the disk.
 */
export function touchPages(dir: string, bytes: number): void {
  const size = Math.min(bytes, Math.floor(memoryOfMachine('MemAvailable') * 0.6));
  const path = join(dir, 'touch');
  const file = openSync(path, 'w+');
  try {
    ftruncateSync(file, size);
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (let at = 0; at < size; at += chunkBytes) readSync(file, chunk, 0, chunkBytes, at);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
