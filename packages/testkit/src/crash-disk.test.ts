import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readSmallFile } from '@millrace/base';

import { CrashDisk } from './crash-disk.ts';
import { seededRandom } from './test-host.ts';

/** What a file may hold after a crash at the end, over many tries; undefined where it is not there. */
function outcomes(disk: CrashDisk, path: string, count = disk.operationCount): Set<string | undefined> {
  const random = seededRandom(1);
  return new Set(
    Array.from({ length: 500 }, () => {
      const bytes = readSmallFile(disk.crash(count, random), path);
      return bytes === undefined ? undefined : Buffer.from(bytes).toString();
    }),
  );
}

test('what was synced stays, what was not may go', () => {
  const disk = new CrashDisk();
  const file = disk.open('/file', { create: true });
  disk.syncFolder('');
  file.writeSync([Buffer.from('synced ')], 0);
  file.syncSync();
  file.writeSync([Buffer.from('not')], 7);
  const found = outcomes(disk, '/file');
  assert.ok(found.has('synced '));
  assert.ok(found.has('synced not'));
  assert.ok(found.has('synced \0\0\0'), 'the length without the bytes');
  assert.ok([...found].every((text) => text?.startsWith('synced ')));
});

test('a file without a synced name may be gone, whatever was synced in it', () => {
  const disk = new CrashDisk();
  const file = disk.open('/file', { create: true });
  file.writeSync([Buffer.from('x')], 0);
  file.syncSync();
  assert.deepEqual(outcomes(disk, '/file'), new Set([undefined, 'x']));
  disk.syncFolder('');
  assert.deepEqual(outcomes(disk, '/file'), new Set(['x']));
});

test('a rename may come before the bytes, and may not come at all', () => {
  const disk = new CrashDisk();
  const write = (path: string, text: string): void =>
    disk.open(path, { create: true }).writeSync([Buffer.from(text)], 0);
  write('/file', 'old');
  disk.open('/file').syncSync();
  disk.syncFolder('');
  write('/file.tmp', 'new');
  disk.rename('/file.tmp', '/file');
  const found = outcomes(disk, '/file');
  assert.ok(found.has('old') && found.has('new') && found.has(''));
});

test('a sync that has begun covers only what was written before', async () => {
  const disk = new CrashDisk();
  const file = disk.open('/file', { create: true });
  disk.syncFolder('');
  file.writeSync([Buffer.from('a')], 0);
  const syncing = file.sync();
  file.writeSync([Buffer.from('b')], 1);
  await syncing;
  const found = outcomes(disk, '/file');
  assert.ok(found.has('a') && found.has('ab') && !found.has(''));
});

test('large writes tear at sectors', () => {
  const disk = new CrashDisk();
  const file = disk.open('/file', { create: true });
  disk.syncFolder('');
  file.writeSync([Buffer.alloc(2048, 'x')], 0);
  const found = [...outcomes(disk, '/file')].map((text) => text ?? '');
  assert.ok(found.some((text) => text.includes('x') && text.includes('\0')));
  assert.ok(found.every((text) => text.split(/(?<=x)(?=\0)|(?<=\0)(?=x)/).every((run) => run.length % 512 === 0)));
});

test('what a failed sync left out is lost for good, whatever is synced later', async () => {
  let isFailing = true;
  const syncing = () => (isFailing ? Promise.reject(new Error('EIO')) : Promise.resolve());
  const disk = new CrashDisk(undefined, { syncing });
  const file = disk.open('/file', { create: true });
  disk.syncFolder('');
  file.writeSync([Buffer.from('a')], 0);
  await assert.rejects(file.sync());
  isFailing = false;
  file.writeSync([Buffer.from('b')], 1);
  await file.sync();
  const found = outcomes(disk, '/file');
  assert.ok(found.has('ab') && found.has('\0b') && !found.has('a') && !found.has(''));
});

test('a sync of a folder that takes long does not take back a later one', async () => {
  const ends: (() => void)[] = [];
  const disk = new CrashDisk(undefined, { syncing: () => new Promise((resolve) => ends.push(resolve)) });
  const slow = disk.syncFolderAsync('');
  disk.open('/file', { create: true });
  const quick = disk.syncFolderAsync('');
  ends[1]?.();
  await quick;
  ends[0]?.();
  await slow;
  assert.deepEqual(outcomes(disk, '/file'), new Set(['']));
});

test('one crash can follow another', () => {
  const first = new CrashDisk();
  first.makeFolder('/a');
  first.open('/a/file', { create: true }).writeSync([Buffer.from('x')], 0);
  const second = new CrashDisk(first.crash(first.operationCount, { below: () => 1, bytes: () => new Uint8Array() }));
  assert.deepEqual(outcomes(second, '/a/file'), new Set(['x']), 'what was found after a crash is durable');
});
