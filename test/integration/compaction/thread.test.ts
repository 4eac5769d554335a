/** The cleaner's thread on a real disk, run from its sources: it does the work, ends when told, and a job that counts no more leaves nothing. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { nodeHost } from '@millrace/base';
import { type CleanLimits, defaultLogConfig, type Log, LogDirectory, logCleanerFor } from '@millrace/log';
import { encodeBatch } from '@millrace/protocol';

const host = nodeHost();
const cleaner = logCleanerFor(host.disk);
const limits: CleanLimits = {
  mapBytes: 16 << 20,
  mapLoadFactor: 0.9,
  bufferBytes: 512 << 10,
  bytesPerSecondMax: Number.MAX_VALUE,
};
const config = {
  ...defaultLogConfig,
  isCompacted: true,
  isDeleted: false,
  segmentBytes: 2 << 20,
  fileDeleteDelayMs: 0,
};
let dir = '';
let directory: LogDirectory;

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-cleaner-'));
  directory = LogDirectory.open(host, dir, { nodeId: 1 });
});

after(async () => {
  await cleaner.rest();
  await directory.close({ clean: false });
  rmSync(dir, { recursive: true, force: true });
});

/** 20 MB in which 1,000 keys come again and again. */
async function fill(partition: number): Promise<Log> {
  const log = directory.openLog('t', partition, undefined, config);
  for (let batch = 0; batch < 200; batch++) {
    const records = Array.from({ length: 100 }, (_, index) => ({
      key: Buffer.from(`key-${(batch * 100 + index) % 1000}`),
      value: Buffer.alloc(1000, batch),
    }));
    log.append(encodeBatch(records), { leaderEpoch: 0, origin: 'client' });
    log.writeOut();
  }
  log.roll();
  await directory.synced();
  return log;
}

async function clean(log: Log, bytesPerSecondMax = limits.bytesPerSecondMax): ReturnType<typeof cleaner.clean> {
  const range = log.cleaning.range(undefined, log.endOffset, Date.now());
  const { job, signal } = await log.cleaning.job(range, Date.now(), { ...limits, bytesPerSecondMax });
  return await cleaner.clean({ job, signal, swap: (replacement) => log.replaceSegments(replacement) });
}

test('it cleans a log while this thread goes on', async () => {
  const log = await fill(0);
  const cleaning = clean(log);
  let turns = 0;
  const counting = setInterval(() => turns++, 1);
  const outcome = await cleaning;
  clearInterval(counting);
  assert.equal(outcome?.endOffset, 20_000);
  assert.equal(outcome.recordsWritten, 1000);
  assert.ok(log.bytes < 2 << 20);
  assert.ok(turns > 10, `this thread had ${turns} turns meanwhile`);
});

test('a log that is deleted ends its job, and the next one is done', async () => {
  const doomed = await fill(1);
  const cleaning = clean(doomed, 1 << 20);
  // The thread has its order by then.
  await new Promise((resolve) => setImmediate(resolve));
  doomed.markDeleted();
  assert.equal(await cleaning, undefined);
  const log = await fill(2);
  assert.equal((await clean(log))?.endOffset, 20_000);
  await cleaner.rest();
  const again = await fill(3);
  assert.equal((await clean(again))?.endOffset, 20_000);
});

test('what cannot be read is told, and the thread goes on', async () => {
  const log = await fill(4);
  const name = readdirSync(log.folder).find((file) => file.endsWith('.log'))!;
  const file = host.disk.open(join(log.folder, name));
  file.writeSync([Buffer.from('rot')], 1000);
  file.close();
  await assert.rejects(clean(log), { code: 'CORRUPT' });
  const next = await fill(5);
  assert.equal((await clean(next))?.endOffset, 20_000);
});
