import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readSmallFile, type Disk } from '@millrace/base';
import { diskError, FaultDisk, MemoryDisk, put, TestHost, valuesOf } from '@millrace/testkit/simulated';

import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';

const path = '/data';
const topicId = 'AAAAAAAAAAAAAAAAAAAAAA';

function open(
  disk: Disk = new MemoryDisk(),
  changes: Partial<Parameters<typeof LogDirectory.open>[2]> = {},
): { host: TestHost; directory: LogDirectory } {
  const host = new TestHost({ disk });
  return { host, directory: LogDirectory.open(host, path, { nodeId: 1, ...changes }) };
}

const config = (changes: Partial<LogConfig> = {}): LogConfig => ({ ...defaultLogConfig, ...changes });
const text = (disk: Disk, name: string): string | undefined => {
  const bytes = readSmallFile(disk, `${path}/${name}`);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
};

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Syncs of files, by name, while `run` runs. */
async function syncsOf(disk: FaultDisk, run: () => Promise<void>): Promise<string[]> {
  const syncs: string[] = [];
  disk.fault = (call, name) => {
    if (call === 'sync') syncs.push(name.slice(path.length + 1));
    return undefined;
  };
  await run();
  disk.fault = () => undefined;
  return syncs;
}

test('one process at a time has a directory', async () => {
  const disk = new MemoryDisk();
  const { directory } = open(disk);
  assert.throws(() => open(disk), { code: 'IN_USE' });
  await directory.close({ clean: true });
  await open(disk).directory.close({ clean: true });
});

test('a new directory gets an identity that it keeps', async () => {
  const disk = new MemoryDisk();
  const { directory } = open(disk, { clusterId: 'cluster' });
  const { directoryId } = directory;
  assert.match(directoryId, /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
  assert.equal(
    text(disk, 'meta.properties'),
    `version=1\ncluster.id=cluster\nnode.id=1\ndirectory.id=${directoryId}\n`,
  );
  await directory.close({ clean: true });
  const again = open(disk).directory;
  assert.deepEqual([again.clusterId, again.directoryId], ['cluster', directoryId]);
});

test('a directory of another cluster or node is refused, and free afterwards', () => {
  const disk = new MemoryDisk();
  const write = (content: string): void => {
    const file = disk.open(`${path}/meta.properties`, { create: true });
    file.truncate(0);
    file.writeSync([Buffer.from(content)], 0);
  };
  disk.makeFolder(path);
  write(
    '#\n#Sat Nov 21 12:00:00 UTC 2026\nnode.id=1\ndirectory.id=JyLxzqXcThG3xJzJZg3BYg\nversion=1\ncluster.id=a\\:b\n',
  );
  assert.throws(() => open(disk, { clusterId: 'other' }), { code: 'CONFIG' });
  assert.throws(() => open(disk, { nodeId: 2 }), { code: 'CONFIG' });
  const { directory } = open(disk, { clusterId: 'a:b' });
  assert.equal(directory.directoryId, 'JyLxzqXcThG3xJzJZg3BYg');
});

test('a directory from before KRaft is refused with a clear word', () => {
  const disk = new MemoryDisk();
  disk.makeFolder(path);
  disk.open(`${path}/meta.properties`, { create: true }).writeSync([Buffer.from('version=0\nbroker.id=0\n')], 0);
  assert.throws(() => open(disk), /KRaft/);
});

test('the mark of an orderly end is gone before anything is written, and comes last', async () => {
  const disk = new MemoryDisk();
  const first = open(disk).directory;
  assert.equal(first.wasClean, false);
  await first.close({ clean: true });
  assert.equal(text(disk, '.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":-1}');
  const second = open(disk).directory;
  assert.equal(second.wasClean, true);
  assert.equal(text(disk, '.kafka_cleanshutdown'), undefined);
  await second.close({ clean: false });
  assert.equal(open(disk).directory.wasClean, false);
});

test('partitions that nobody opened after an unclean end are not trusted at the next start', async () => {
  const disk = new MemoryDisk();
  const first = open(disk).directory;
  first.openLog('a', 0, topicId, config());
  first.openLog('b', 0, topicId, config());
  await first.close({ clean: false });
  const second = open(disk).directory;
  second.openLog('a', 0, topicId, config());
  await second.close({ clean: true });
  assert.equal(open(disk).directory.wasClean, false);
});

test('partition folders are found with the ids of their topics', async () => {
  const disk = new MemoryDisk();
  const { directory } = open(disk);
  directory.openLog('a-b', 3, topicId, config());
  directory.openLog('c', 0, undefined, config());
  disk.makeFolder(`${path}/__cluster_metadata-0`);
  disk.makeFolder(`${path}/not a partition`);
  assert.deepEqual(directory.folders(), [
    { topic: 'a-b', partition: 3, topicId },
    { topic: 'c', partition: 0, topicId: undefined },
  ]);
  assert.equal(text(disk, 'a-b-3/partition.metadata'), `version: 0\ntopic_id: ${topicId}`);
  assert.equal(directory.holds('a-b', 3), true);
  assert.equal(directory.holds('a-b', 4), false);
  assert.equal(directory.logCount, 2);
});

test('a folder of an older topic of the same name is set aside, and not taken for the new one', () => {
  const disk = new MemoryDisk();
  const { directory } = open(disk);
  const old = directory.openLog('t', 0, topicId, config());
  put(old, ['a']);
  old.close();
  assert.equal(directory.openLog('t', 0, 'BBBBBBBBBBBBBBBBBBBBBB', config()).endOffset, 0);
  const aside = disk.list(path).find((name) => /^t-0\.[0-9a-f]{32}-stray$/.test(name));
  assert.notEqual(disk.stat(`${path}/${aside}/00000000000000000000.log`)?.size, 0);
});

test('segments that could not go because a checkpoint failed are the first to go when the disk is full', async () => {
  const disk = new FaultDisk(new MemoryDisk());
  const { host, directory } = open(disk);
  const log = directory.openLog('t', 0, topicId, config({ fileDeleteDelayMs: 0 }));
  for (const value of ['a', 'b', 'c']) {
    put(log, [value]);
    log.roll();
  }
  log.deleteRecordsBefore(3);
  disk.fault = (call, name) =>
    call === 'open' && name.includes('recovery-point') ? diskError('ENOSPC', name) : undefined;
  const removed: string[] = [];
  const remove = disk.remove.bind(disk);
  disk.remove = (name) => {
    if (/\/0+\d\.log/.test(name)) removed.push(name);
    remove(name);
  };
  host.advance(5_000);
  for (let turns = 0; turns < 20; turns++) await settled();
  assert.deepEqual(
    removed.map((name) => Number(/(\d+)\.log/.exec(name)?.[1])),
    [0, 1, 2],
  );
  await directory.close({ clean: false });
});

test('a fresh partition is a folder, its topic id and an empty file', () => {
  const disk = new MemoryDisk();
  const { directory } = open(disk);
  directory.openLog('t', 0, topicId, config());
  assert.deepEqual(disk.list(`${path}/t-0`), ['00000000000000000000.log', 'partition.metadata']);
});

test('many waiters, one sync for each log that was written to', async () => {
  const disk = new FaultDisk(new MemoryDisk());
  const { directory } = open(disk);
  const [a, b, c] = ['a', 'b', 'c'].map((topic) => directory.openLog(topic, 0, topicId, config()));
  for (const log of [a!, b!, c!]) put(log, ['first']);
  await directory.synced();
  put(c!, ['x']);
  await directory.synced();
  const syncs = await syncsOf(disk, async () => {
    const waits: Promise<void>[] = [];
    for (let number = 0; number < 10; number++) {
      put(a!, ['x']);
      put(b!, ['y']);
      waits.push(directory.synced());
    }
    await Promise.all(waits);
  });
  // The first waiter starts a round at once; the nine that come meanwhile share the next.
  assert.deepEqual(
    syncs.sort(),
    ['a-0', 'a-0', 'b-0', 'b-0'].map((name) => `${name}/00000000000000000000.log`),
  );
  assert.deepEqual([a!.syncedOffset, b!.syncedOffset, c!.syncedOffset], [11, 11, 2]);
});

test('a sync covers what was written before it began, and no more', async () => {
  const { directory } = open();
  const log = directory.openLog('t', 0, topicId, config());
  put(log, ['a']);
  const first = directory.synced();
  put(log, ['b']);
  await first;
  assert.equal(log.syncedOffset, 1);
  await directory.synced();
  assert.equal(log.syncedOffset, 2);
});

test('a waiter is never told inside of its own call', () => {
  const { directory } = open();
  let isTold = false;
  directory.afterSync({ synced: () => void (isTold = true) });
  assert.equal(isTold, false);
});

test('names of new files are synced before the first promise that depends on them', async () => {
  const disk = new FaultDisk(new MemoryDisk());
  const { directory } = open(disk);
  const folders: string[] = [];
  disk.fault = (call, name) => {
    if (call === 'syncFolder') folders.push(name);
    return undefined;
  };
  const log = directory.openLog('t', 0, topicId, config({ segmentBytes: 300 }));
  put(log, ['a']);
  await directory.synced();
  assert.deepEqual(folders.sort(), [path, `${path}/t-0`]);
  put(log, ['b']);
  await directory.synced();
  assert.equal(folders.length, 2, 'no new name');
  put(log, ['c'.repeat(200)]);
  await directory.synced();
  assert.deepEqual(folders.slice(2), [`${path}/t-0`], 'a new segment');
});

test('a sync that fails ends the directory: waiters hear of it, nothing is appended, reads go on', async () => {
  const disk = new FaultDisk(new MemoryDisk());
  const { directory } = open(disk);
  const log = directory.openLog('t', 0, topicId, config());
  const other = directory.openLog('u', 0, topicId, config());
  const heard: Error[] = [];
  directory.onFailure((error) => heard.push(error));
  put(log, ['a']);
  await directory.synced();
  put(log, ['b']);
  let syncs = 0;
  disk.fault = (call) =>
    call === 'sync' && ++syncs > 0 ? Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }) : undefined;
  await assert.rejects(directory.synced(), /EIO/);
  await assert.rejects(directory.synced(), /EIO/);
  assert.equal(syncs, 1, 'a failed sync is never tried again and believed');
  assert.equal(log.syncedOffset, 1);
  assert.equal(heard.length, 1);
  assert.match(directory.failure?.message ?? '', /EIO/);
  for (const each of [log, other])
    assert.throws(() => put(each, ['c']), { error: 'KAFKA_STORAGE_ERROR', retriable: true });
  assert.equal(valuesOf(log).get(0), 'a');
  disk.fault = () => undefined;
  await directory.close({ clean: true });
  assert.equal(text(disk, '.kafka_cleanshutdown'), undefined);
});

test('a write that fails for another reason than room ends the directory', () => {
  const disk = new FaultDisk(new MemoryDisk());
  const { directory } = open(disk);
  const log = directory.openLog('t', 0, topicId, config());
  disk.fault = (call) => (call === 'write' ? Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }) : undefined);
  assert.throws(() => put(log, ['a']), { error: 'KAFKA_STORAGE_ERROR' });
  assert.equal(log.endOffset, 0);
  assert.match(directory.failure?.message ?? '', /a write failed/);
});

test('recovery points and start offsets are written by a timer while something changes', async () => {
  const disk = new MemoryDisk();
  const { directory, host } = open(disk);
  const log = directory.openLog('t', 0, topicId, config());
  put(log, ['a', 'b', 'c'], { epoch: 4 });
  await directory.synced();
  put(log, ['d'], { epoch: 4 });
  log.deleteRecordsBefore(2);
  host.advance(4000);
  await settled();
  assert.equal(text(disk, 'recovery-point-offset-checkpoint'), '0\n1\nt 0 3\n');
  assert.equal(text(disk, 'log-start-offset-checkpoint'), '0\n1\nt 0 2\n');
  assert.equal(text(disk, 'replication-offset-checkpoint'), '0\n1\nt 0 3\n');
  assert.equal(text(disk, 't-0/leader-epoch-checkpoint'), '0\n1\n4 2\n');
});

test('recovery points of partitions that are not open are kept', async () => {
  const disk = new MemoryDisk();
  const first = open(disk).directory;
  put(first.openLog('a', 0, topicId, config()), ['x']);
  put(first.openLog('b', 0, topicId, config()), ['x', 'y']);
  await first.close({ clean: true });
  const second = open(disk).directory;
  second.openLog('a', 0, topicId, config());
  second.checkpoint();
  assert.equal(text(disk, 'recovery-point-offset-checkpoint'), '0\n2\na 0 1\nb 0 2\n');
});

test('a damaged checkpoint is not guessed at', () => {
  for (const content of ['x', '0\n2\na 0 1\n', '1\n0\n', '0\n1\na 0\n']) {
    const disk = new MemoryDisk();
    disk.makeFolder(path);
    disk.open(`${path}/recovery-point-offset-checkpoint`, { create: true }).writeSync([Buffer.from(content)], 0);
    assert.throws(() => open(disk), { code: 'CORRUPT' });
  }
});

test('flush.messages and flush.ms sync although nobody waits', async () => {
  const { directory, host } = open();
  const counted = directory.openLog('a', 0, topicId, config({ flushMessages: 3 }));
  put(counted, ['a', 'b']);
  await settled();
  assert.equal(counted.syncedOffset, 0);
  put(counted, ['c']);
  assert.equal(counted.isFlushDue, false, 'the sync is under way');
  await settled();
  assert.equal(counted.syncedOffset, 3);

  const timed = directory.openLog('b', 0, topicId, config({ flushMs: 100 }));
  put(timed, ['a']);
  host.advance(99);
  await settled();
  assert.equal(timed.syncedOffset, 0);
  host.advance(1);
  await settled();
  assert.equal(timed.syncedOffset, 1);

  const slow = directory.openLog('c', 0, topicId, config({ flushMs: 10_000 }));
  put(slow, ['a']);
  host.advance(4000);
  await settled();
  assert.equal(slow.syncedOffset, 0);
  put(slow, ['b']);
  host.advance(8000);
  await settled();
  assert.equal(slow.syncedOffset, 2);
});

test('a rolled segment is synced in the background', async () => {
  const { directory, host } = open();
  const log = directory.openLog('t', 0, topicId, config({ segmentBytes: 200 }));
  put(log, ['a'.repeat(100)]);
  put(log, ['b'.repeat(100)]);
  host.advance(4000);
  await settled();
  assert.equal(log.syncedOffset, 2);
});

test('a deleted topic is out of the way at once, and off the disk later', () => {
  const disk = new MemoryDisk();
  const { directory, host } = open(disk);
  const longest = 'x'.repeat(249);
  for (const topic of ['t', longest]) {
    const log = directory.openLog(topic, 12, topicId, config({ fileDeleteDelayMs: 1000 }));
    put(log, ['a']);
    log.markDeleted();
    const renamed = disk.list(path).filter((name) => name.endsWith('-delete'));
    assert.equal(renamed.length, 1);
    assert.match(renamed[0]!, /^[tx]+-12\.[0-9a-f]{32}-delete$/);
    assert.ok(renamed[0]!.length <= 255);
    assert.equal(directory.log(topic, 12), undefined);
    put(directory.openLog(topic, 12, 'BBBBBBBBBBBBBBBBBBBBBB', config()), ['new']);
    host.advance(1000);
    assert.equal(disk.list(path).filter((name) => name.endsWith('-delete')).length, 0);
  }
});

test('what a deletion did not finish is finished at the next start', async () => {
  const disk = new MemoryDisk();
  const { directory } = open(disk);
  put(directory.openLog('t', 0, topicId, config()), ['a']);
  directory.log('t', 0)?.markDeleted();
  await directory.close({ clean: true });
  open(disk);
  assert.deepEqual(
    disk.list(path).filter((name) => name.startsWith('t-')),
    [],
  );
});

test('a log that is closed by itself is durable and can be opened again', async () => {
  const disk = new MemoryDisk();
  const { directory } = open(disk);
  const log = directory.openLog('t', 0, topicId, config());
  put(log, ['a', 'b']);
  assert.throws(() => directory.openLog('t', 0, topicId, config()), { code: 'IN_USE' });
  log.close();
  assert.equal(directory.openLog('t', 0, topicId, config()).endOffset, 2);
  directory.checkpoint();
  assert.equal(text(disk, 'recovery-point-offset-checkpoint'), '0\n1\nt 0 2\n');
});

test('files of segments that nobody reads are closed and their indexes forgotten', async () => {
  const disk = new MemoryDisk();
  let openFiles = 0;
  const counting = new FaultDisk(disk);
  const plain = counting.open.bind(counting);
  counting.open = (name, options) => {
    const file = plain(name, options);
    openFiles++;
    const close = file.close.bind(file);
    let isOpen = true;
    file.close = () => {
      if (isOpen) openFiles--;
      isOpen = false;
      close();
    };
    return file;
  };
  const { directory, host } = open(counting);
  const log = directory.openLog('t', 0, topicId, config({ segmentBytes: 200 }));
  for (let number = 0; number < 20; number++) put(log, ['a'.repeat(100)]);
  assert.ok(openFiles >= 20);
  for (let tick = 0; tick < 3; tick++) {
    put(log, ['b']);
    host.advance(4000);
    await settled();
  }
  assert.ok(openFiles <= 3, `${openFiles} are open`);
  assert.equal(valuesOf(log).size, 23);
});
